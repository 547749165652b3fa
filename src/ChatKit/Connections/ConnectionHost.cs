using System.IO.Pipelines;
using System.Net.Sockets;
using ChatKit.Connections.Transport;

namespace ChatKit.Connections;

/// <summary>Runs connections with the services that the application has registered.</summary>
internal sealed class ConnectionHost(ConnectionServices services) : WebSocketHandlerRunner
{
    public override Task RunAsync(
        Stream stream,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return RunAsync(new StreamTransport(stream), info, options, createHandler);
    }

    public override Task RunAsync(
        IDuplexPipe pipe,
        Socket? socket,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler)
    {
        ArgumentNullException.ThrowIfNull(pipe);
        return RunAsync(new PipeTransport(pipe, socket, services.Clock), info, options, createHandler);
    }

    private Task RunAsync(
        FrameTransport frames,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(createHandler);
        RoomName.ThrowIfInvalid(info.Room, nameof(info));
        var transport = new WebSocketTransport(frames, info, options, services.Clock);
        return new ConnectionRunner(transport, info, options, services).RunAsync(FilteredHandler.Around(createHandler, options.Filters));
    }
}
