namespace ChatKit.TestKit.Redis;

/// <summary>Runs a server that supports the Redis protocol, with one port and one folder for its data.</summary>
internal interface IRedisRuntime : IAsyncDisposable
{
    /// <summary>The process of the server, for signals; null if it has no separate process or is not running.</summary>
    int? ProcessId { get; }

    /// <summary>Starts the server and waits until it accepts commands.</summary>
    /// <param name="empty">Whether it starts without its previous data.</param>
    Task StartAsync(bool empty);

    /// <summary>Kills the server if it is running.</summary>
    Task KillAsync();

    ValueTask IAsyncDisposable.DisposeAsync() => new(KillAsync());
}
