using Microsoft.Extensions.Logging;

namespace ChatKit.Redis;

/// <summary>Logs the first unreadable payload only, because its sender may send many.</summary>
internal sealed class UnreadablePayloads(ILogger logger)
{
    private int _isReported;

    public void Report(string room, string problem)
    {
        if (Interlocked.Exchange(ref _isReported, 1) == 0)
            logger.PayloadUnreadable(room, problem);
    }
}
