using System.IO.Pipelines;
using System.Net.Sockets;
using ChatKit.Connections.Messages;
using ChatKit.Connections.Transport;

namespace ChatKit.Connections;

/// <summary>Runs connections with the services that the application has registered.</summary>
internal sealed class ConnectionHost(ConnectionServices services, PostOffice posts) : WebSocketHandlerRunner
{
    public override IWriteBatching? Batching
    {
        get => services.Rooms.Batching;
        set => services.Rooms.Batching = value;
    }

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
        return RunAsync(new PipeTransport(pipe, socket, services.Clock, Batching), info, options, createHandler);
    }

    public override async Task RunEventStreamAsync(
        PipeWriter output,
        EventStreamSocket? socket,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler,
        CancellationToken gone)
    {
        ArgumentNullException.ThrowIfNull(output);
        ThrowIfInvalid(info, options, createHandler);
        using var box = await posts.OpenAsync(info, options.MaxMessageSize).ConfigureAwait(false);
        await RunAsync(new EventStreamTransport(output, socket, options, box, gone), info, options, createHandler)
            .ConfigureAwait(false);
    }

    public override async ValueTask<(PostResult Result, string? Problem)> PostAsync(
        string? token, string? userId, long? number, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        PostBody.TryRead(body, out var frames, out var problem)
            ? (await posts.PostAsync(token, userId, number, body, frames, cancellationToken).ConfigureAwait(false), null)
            : (PostResult.Accepted, problem);

    public override async Task<PollResult> PollAsync(
        PollRequest request,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler,
        CancellationToken gone)
    {
        ArgumentNullException.ThrowIfNull(request);
        ThrowIfInvalid(info, options, createHandler);
        var transport = new PollTransport(request, info, options, services.Clock, gone);
        await RunAsync(transport, info, options, createHandler).ConfigureAwait(false);
        return transport.Result();
    }

    public override async Task<ExchangeResult> ExchangeAsync(
        ReadOnlyMemory<byte> frame,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler,
        CancellationToken gone)
    {
        ThrowIfInvalid(info, options, createHandler);
        if (!ShortPost.TryRead(frame, out var post, out var problem))
            return new ExchangeResult { Problem = problem };
        var transport = new ExchangeTransport(post, options, gone);
        await RunAsync(transport, info, options, createHandler).ConfigureAwait(false);
        return new ExchangeResult { IsMessage = post.IsMessage, Answer = transport.Answer, Close = transport.Close };
    }

    private Task RunAsync(
        FrameTransport frames,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler)
    {
        ThrowIfInvalid(info, options, createHandler);
        return RunAsync(new WebSocketTransport(frames, info, options, services.Clock), info, options, createHandler);
    }

    private Task RunAsync(
        ClientTransport transport,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler) =>
        new ConnectionRunner(transport, info, options, services).RunAsync(FilteredHandler.Around(createHandler, options.Filters));

    private static void ThrowIfInvalid(
        WebSocketConnectionInfo info, WebSocketConnectionOptions options, Func<IServiceProvider, WebSocketHandler> createHandler)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(createHandler);
        RoomName.ThrowIfInvalid(info.Room, nameof(info));
    }
}
