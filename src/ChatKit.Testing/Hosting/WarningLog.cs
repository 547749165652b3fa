using Microsoft.Extensions.Logging;

namespace ChatKit.Testing.Hosting;

/// <summary>Keeps the last warnings and errors of a node. They often explain why a client doesn't receive what its test expects.</summary>
internal sealed class WarningLog : ILoggerProvider
{
    private const int Capacity = 10;

    private readonly Queue<string> _entries = [];

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void Dispose()
    {
    }

    /// <summary>The entries, as a part of the text of an exception.</summary>
    public override string ToString()
    {
        lock (_entries)
            return _entries.Count == 0 ? "" : $"\nThe server has logged:\n  {string.Join("\n  ", _entries)}";
    }

    private void Add(string entry)
    {
        lock (_entries)
        {
            if (_entries.Count == Capacity)
                _entries.Dequeue();
            _entries.Enqueue(entry);
        }
    }

    private sealed class Logger(WarningLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Warning and not LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;
            var cause = exception is null ? "" : $" ({exception.GetType().Name}: {exception.Message})";
            log.Add($"{logLevel}: {formatter(state, exception)}{cause}");
        }
    }
}
