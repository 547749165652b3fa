using System.Buffers;
using System.Net.WebSockets;
using ChatKit.Benchmarks.Connections;
using ChatKit.Benchmarks.Rooms;
using ChatKit.ChatKitV1;
using ChatKit.Connections.Transport;
using ChatKit.Rooms;
using ChatKit.WebSockets;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Benchmarks.Guard;

/// <summary>The steps of a broadcast, each alone, and all of them together.</summary>
internal static class GuardSteps
{
    private const string Room = "room";
    private const string V1Message = """{"type":"message","data":"a text of a usual length, for everyone in the room"}""";
    private const string V1MessageWithRef =
        """{"type":"message","ref":"#0000000","data":"a text of a usual length, for everyone in the room"}""";

    private static readonly string Text = Texts.OfSize(64);

    /// <summary>Returns the name of each step, and what it costs.</summary>
    public static IEnumerable<(string Name, long Value)> Measure() =>
        [.. Receiving(), .. Publishing(), .. Writing(), .. Together(), .. Joining(), .. Idle()];

    private static IEnumerable<(string Name, long Value)> Receiving()
    {
        var reader = new MessageReader(64 * 1024, deflate: false);
        var plain = new ReadOnlySequence<byte>(GuardClient.FrameOf(Text));
        yield return ("bytes to read the frame of a text", Allocations.Of(() => Read(plain)));
        var message = new WebSocketMessage(V1Message);
        yield return ("bytes to parse a text message of chatkit.v1", Allocations.Of(() => V1MessageFrame.TryRead(message)));
        var signal = new WebSocketMessage("""{"type":"signal","name":"typing"}""");
        yield return ("bytes to parse a signal of chatkit.v1", Allocations.Of(() => Parse(signal)));

        void Read(ReadOnlySequence<byte> buffer) => reader.Read(ref buffer);

        static void Parse(WebSocketMessage received)
        {
            _ = V1ClientFrame.Read(received, out var frame);
            _ = V1Request.Read(frame!, received, out var inbound);
            Allocations.Kept = inbound.Request;
        }
    }

    private static IEnumerable<(string Name, long Value)> Publishing()
    {
        using var services = ChatKitServices.Create();
        var history = services.GetRequiredService<IMessageHistory>();
        var backplane = services.GetRequiredService<IBackplane>();
        var publisher = services.GetRequiredService<Publisher>();
        var message = Outgoing.Text(Text, default);
        var stored = message.WithPosition(new MessagePosition("5k2j9", 42));
        yield return ("bytes to encode a text", Allocations.Of(() => Allocations.Kept = Outgoing.Text(Text, default)));
        yield return ("bytes to encode a frame of chatkit.v1", Allocations.Of(() => Allocations.Kept = V1Frames.Message(Room, stored)));
        yield return ("bytes to store a message", Allocations.Of(() => history.AppendAsync(Room, message, 100)));
        yield return (
            "bytes to publish and store a message in a room without members",
            Allocations.Of(() => publisher.PublishAsync(Room, message, 100)));
        yield return (
            "bytes to publish a message that is not stored, without members",
            Allocations.Of(() => backplane.PublishAsync(Room, message, 0)));
    }

    private static IEnumerable<(string Name, long Value)> Writing()
    {
        var stream = new CountingStream();
        var queue = new OutboundQueue(new StreamTransport(stream), 1024 * 1024, new FailFast());
        var frame = WebSocketFrame.Text(Text, out _);
        yield return ("bytes to enqueue and write a frame", Allocations.Of(() => queue.TryEnqueue(frame)));
        yield return ("bytes to enqueue 500 frames behind a slow write", Allocations.Of(EnqueueBehind));
        var before = stream.Writes;
        EnqueueBehind();
        yield return ("writes of 500 frames behind a slow write", stream.Writes - before);

        void EnqueueBehind()
        {
            stream.Hold();
            for (var i = 0; i < 500; i++)
                queue.TryEnqueue(frame);
            stream.Release();
        }
    }

    private static IEnumerable<(string Name, long Value)> Together()
    {
        foreach (var members in (int[])[10, 1000])
        {
            using var plain = new GuardRoom(members, null, Text);
            yield return ($"bytes from a client to {members} plain members", Allocations.Of(() => plain.Broadcast(1)));
            using var v1 = new GuardRoom(members, ChatKitSubprotocol.V1, V1Message);
            yield return ($"bytes from a client to {members} members with chatkit.v1", Allocations.Of(() => v1.Broadcast(1)));
            using var acknowledged = new GuardRoom(members, ChatKitSubprotocol.V1, V1MessageWithRef);
            yield return ($"bytes from a client to {members} members with chatkit.v1, and an ack", Allocations.Of(() => acknowledged.Broadcast(2)));
        }
    }

    private static IEnumerable<(string Name, long Value)> Joining()
    {
        foreach (var format in (WireFormat[])[WireFormat.Plain, WireFormat.V1])
        {
            using var services = ChatKitServices.Create();
            var rooms = services.GetRequiredService<RoomRegistry>();
            var backplane = services.GetRequiredService<IBackplane>();
            var client = new QueueClient(format);
            Join(new QueueClient(format), 100, leaves: false);
            for (var i = 0; i < 100; i++)
                backplane.PublishAsync(Room, Outgoing.Text(Text, default), 100).AsTask().Wait();
            foreach (var replay in (int[])[0, 100])
                yield return ($"bytes to join with {replay} stored messages, {format}, and leave", Allocations.Of(() => Join(client, replay)));

            void Join(QueueClient joining, int replay, bool leaves = true)
            {
                var membership = rooms.Enter(Room, joining, replay);
                membership.StartAsync().AsTask().Wait();
                if (leaves)
                    membership.Leave();
            }
        }
    }

    private static IEnumerable<(string Name, long Value)> Idle()
    {
        foreach (var (name, subprotocol) in ((string, string?)[])[("a plain", null), ("a chatkit.v1", ChatKitSubprotocol.V1)])
        {
            using var first = new GuardRoom(10, subprotocol, Text);
            var before = GC.GetTotalMemory(forceFullCollection: true);
            using var room = new GuardRoom(1000, subprotocol, Text);
            var after = GC.GetTotalMemory(forceFullCollection: true);
            yield return ($"bytes that {name} connection holds while it is idle", (after - before) / 1000);
        }
    }
}
