using System.Buffers;
using System.Globalization;
using System.Text.Json;
using ChatKit.ChatKitV1;
using ChatKit.WebSockets;

namespace ChatKit.Connections.Messages;

/// <summary>
/// Formats frames as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Each frame is one event without a name,
/// so that the <c>onmessage</c> of a page receives it; the end is an event named <c>close</c>.
/// </summary>
internal static class EventFormatter
{
    /// <summary>The largest buffer, in bytes, that a thread keeps.</summary>
    private const int LargestOutput = 64 * 1024;

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\n\r"u8);

    /// <summary>
    /// A copy of the latest frames on this thread, and their events. A room gives the same frames to all its members, one after the other, so
    /// they are formatted once. The frames are compared, because a buffer is used again for others.
    /// </summary>
    [ThreadStatic]
    private static (byte[] Frames, EventBytes Events) _latest;

    /// <summary>Where this thread puts events together.</summary>
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _output;

    /// <summary>Formats frames for a stream, and moves its positions.</summary>
    public static EventBytes Format(ReadOnlySpan<byte> frames, ref EventIds ids)
    {
        if (_latest is var (latest, events) && events is not null && CanShare(events, in ids) && frames.SequenceEqual(latest))
        {
            if (events.Room is not null)
                ids.Move(events.Room, events.Position);
            return events;
        }

        events = FormatAlone(frames, ref ids);
        _latest = events.IsShared ? (frames.ToArray(), events) : default;
        return events;
    }

    private static bool CanShare(EventBytes events, in EventIds ids) => events.Room is null || ids.IsOnly(events.Room);

    private static EventBytes FormatAlone(ReadOnlySpan<byte> frames, ref EventIds ids)
    {
        var output = _output ??= new ArrayBufferWriter<byte>(4096);
        output.ResetWrittenCount();
        output.Write("00000000\r\n"u8);
        byte[]? room = null;
        byte[] position = [];
        var (isShared, hasPing, isLast) = (true, false, false);
        while (!isLast && ServerFrames.TryTake(ref frames, out var opcode, out var payload))
        {
            if (opcode == WebSocketFrame.CloseOpcode)
            {
                WriteClose(output, payload);
                isLast = true;
                continue;
            }

            var head = V1FrameHead.Read(payload);
            if (head.Type == V1FrameType.Ping)
            {
                output.Write(": ping\n\n"u8); // Pages do not have to answer it.
                hasPing = true;
                continue;
            }

            if (head.MovesPosition)
            {
                isShared &= ids.IsOnly(head.Room) && (room is null || head.Room.SequenceEqual(room));
                room ??= head.Room.ToArray();
                position = head.Position.ToArray();
                ids.Move(isShared ? room : head.Room.ToArray(), position);
                ids.Write(output);
            }

            output.Write("data: "u8);
            WriteLine(output, payload);
            output.Write("\n\n"u8);
        }

        if (output.Capacity > LargestOutput)
            _output = null;
        return new EventBytes(Chunk(output)) { Room = room, Position = position, IsShared = isShared && !isLast, HasPing = hasPing, IsLast = isLast };
    }

    /// <summary>Completes the chunk. The last chunk of a stream is followed by an empty one only when the response ends.</summary>
    private static byte[] Chunk(ArrayBufferWriter<byte> output)
    {
        var size = output.WrittenCount - EventBytes.ChunkHead;
        output.Write("\r\n"u8);
        var chunk = output.WrittenSpan.ToArray();
        size.TryFormat(chunk.AsSpan(0, 8), out _, "X8", CultureInfo.InvariantCulture);
        return chunk;
    }

    /// <summary>Writes JSON in one line. Line ends occur only between the tokens of JSON that an application has sent.</summary>
    private static void WriteLine(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> json)
    {
        while (json.IndexOfAny(LineEnds) is >= 0 and var end)
        {
            output.Write(json[..end]);
            output.Write(" "u8);
            json = json[(end + 1)..];
        }

        output.Write(json);
    }

    private static void WriteClose(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> payload)
    {
        WebSocketFrame.ReadClose(payload, out var status, out var reason);
        output.Write("event: close\ndata: "u8);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteNumber("code", (int)status);
            V1Content.WriteIfAny(json, "reason", reason);
            json.WriteEndObject();
        }

        output.Write("\n\n"u8);
    }
}
