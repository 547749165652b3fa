namespace ChatKit.Connections;

/// <summary>Runs connections on what the application has registered.</summary>
internal sealed class ConnectionHost(ConnectionServices services) : WebSocketHandlerRunner
{
    public override async Task RunAsync(
        Stream stream,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler,
        CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(createHandler);
        RoomName.ThrowIfInvalid(info.Room, nameof(info));
        using var runner = new ConnectionRunner(stream, info, options, services);
        await runner.RunAsync(createHandler, stopping).ConfigureAwait(false);
    }
}
