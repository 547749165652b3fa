using System.Security.Claims;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Benchmarks.Guard;

/// <summary>A room with real connections in memory, whose handler is that of the README.</summary>
internal sealed class GuardRoom : IDisposable
{
    private const string Name = "room";

    private readonly ServiceProvider _services = ChatKitServices.Create();
    private readonly List<GuardClient> _members = [];
    private readonly GuardClient _sender = new(sends: true);
    private readonly string? _subprotocol;

    /// <param name="members">The number of members.</param>
    /// <param name="subprotocol">The subprotocol of the clients.</param>
    /// <param name="frame">What the sender sends.</param>
    public GuardRoom(int members, string? subprotocol, string frame)
    {
        _subprotocol = subprotocol;
        _sender.Prepare(frame);
        Open(_sender);
        for (var i = 1; i < members; i++)
            Open(new GuardClient());
    }

    /// <summary>Sends a message, and waits until everyone has received it, including the sender.</summary>
    /// <param name="receivedBySender">The number of frames that the sender receives.</param>
    public void Broadcast(int receivedBySender)
    {
        var last = _members[^1];
        var (writes, sent) = (last.Written, _sender.Writes);
        _sender.Send();
        while (last.Written == writes || _sender.Writes - sent < receivedBySender)
            Thread.Yield();
    }

    public void Dispose() => _services.Dispose();

    private void Open(GuardClient client)
    {
        _members.Add(client);
        var info = new WebSocketConnectionInfo { Room = Name, Abort = static () => { }, Subprotocol = _subprotocol, User = Anonymous };
        _ = _services.GetRequiredService<WebSocketHandlerRunner>().RunAsync(client, null, info, Options, static _ => new Echo());
    }

    private static WebSocketConnectionOptions Options { get; } = new();

    private static ClaimsPrincipal Anonymous { get; } = new();

    private sealed class Echo : WebSocketHandler
    {
        protected internal override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
    }
}
