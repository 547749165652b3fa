using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ChatKit.StressTests.Serving;

/// <summary>The state of the server.</summary>
internal sealed class ServerState : ILoggerProvider, ILogger
{
    private const int MaxProblems = 20;

    private readonly Queue<string> _problems = new();
    private int _connections;
    private long _messages;
    private int _errors;
    private int _unobserved;

    public ServerState()
    {
        TaskScheduler.UnobservedTaskException += (_, e) =>
        {
            Interlocked.Increment(ref _unobserved);
            Note($"unobserved: {e.Exception}");
        };
        AppDomain.CurrentDomain.UnhandledException += static (_, e) => Console.Error.WriteLine($"unhandled: {e.ExceptionObject}");
    }

    public void Opened() => Interlocked.Increment(ref _connections);

    public void Closed() => Interlocked.Decrement(ref _connections);

    public void Handled() => Interlocked.Increment(ref _messages);

    /// <summary>Returns the current statistics.</summary>
    /// <param name="collect">Whether to collect all garbage first.</param>
    public ServerStats Read(bool collect)
    {
        if (collect)
            Collect();
        using var process = Process.GetCurrentProcess();
        lock (_problems)
        {
            return new ServerStats(
                process.WorkingSet64,
                GC.GetTotalMemory(forceFullCollection: false),
                process.HandleCount,
                process.Threads.Count,
                ThreadPool.PendingWorkItemCount,
                GC.GetTotalPauseDuration().TotalMilliseconds,
                Volatile.Read(ref _connections),
                Interlocked.Read(ref _messages),
                Volatile.Read(ref _unobserved),
                Volatile.Read(ref _errors),
                [.. _problems]);
        }
    }

    /// <inheritdoc />
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc />
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc />
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    /// <inheritdoc />
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        Interlocked.Increment(ref _errors);
        Note($"[{eventId.Id}] {formatter(state, exception)} {exception}");
    }

    public void Dispose()
    {
    }

    /// <summary>Collects twice, because objects with finalizers need a second collection, and only finalizers report unobserved exceptions.</summary>
    private static void Collect()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
    }

    private void Note(string problem)
    {
        lock (_problems)
        {
            _problems.Enqueue(problem);
            if (_problems.Count > MaxProblems)
                _problems.Dequeue();
        }
    }
}
