using System.Net.WebSockets;
using ChatKit.ChatKitV1;

namespace ChatKit.Connections.Messages;

/// <summary>Carries one frame of a client, and the answer to it.</summary>
internal sealed class ExchangeTransport(ShortPost post, WebSocketConnectionOptions options, CancellationToken gone) : ShortTransport(options, gone)
{
    public override bool EntersRooms => false;

    public override string? AddressedRoom => post.Room;

    /// <summary>The answer; empty if there is none.</summary>
    public byte[] Answer { get; private set; } = [];

    protected override async Task RunAsync()
    {
        Listener.OnData();
        await Listener.OnMessageAsync(new WebSocketMessage(post.Frame, WebSocketMessageType.Text)).ConfigureAwait(false);
        await Listener.OnCompletedAsync().ConfigureAwait(false);
    }

    protected override void Collect(ReadOnlySpan<byte> json)
    {
        if (V1FrameHead.Read(json).Type is V1FrameType.Ack or V1FrameType.Error or V1FrameType.History)
            Answer = json.ToArray();
    }

    protected override void End()
    {
    }
}
