namespace ChatKit.TestKit.Redis;

/// <summary>A way to run a server that speaks the protocol of Redis, on one port and with one folder for its data.</summary>
internal interface IRedisRuntime : IAsyncDisposable
{
    /// <summary>The process of the server, for signals; null if it has no process of its own, or does not run.</summary>
    int? ProcessId { get; }

    /// <summary>Starts the server, and waits until it takes commands.</summary>
    /// <param name="empty">Whether it starts without the data that it had.</param>
    Task StartAsync(bool empty);

    /// <summary>Ends the server without warning, if it runs.</summary>
    Task KillAsync();

    ValueTask IAsyncDisposable.DisposeAsync() => new(KillAsync());
}
