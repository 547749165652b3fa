using Microsoft.Extensions.Logging;

namespace ChatKit.Diagnostics;

internal static class LogLevels
{
    /// <summary>The level at which a failure is logged. A store that is unavailable logs that itself, once.</summary>
    public static LogLevel Of(Exception exception) => exception is HistoryUnavailableException ? LogLevel.Debug : LogLevel.Warning;
}
