using ChatKit.Connections;
using ChatKit.Connections.Transport;
using ChatKit.TestKit.ForAll;
using ChatKit.Tests.Fixtures;
using ChatKit.WebSockets;
using FsCheck;

namespace ChatKit.Tests.Connections;

public class MessageReaderPropertyTests
{
    private const int Limit = 100_000;
    private const int Compressed = 0x40;

    /// <summary>A message, and how it is sent.</summary>
    /// <param name="Text">The message, if it is a text.</param>
    /// <param name="Bytes">The message, if it is not.</param>
    /// <param name="Cuts">How large the fragments are; what is left comes in the last.</param>
    /// <param name="IsCompressed">Whether it is compressed.</param>
    /// <param name="Key">The masking key.</param>
    /// <param name="Pings">Whether a ping comes before each fragment.</param>
    public sealed record Sent(AnyText? Text, Payload Bytes, byte[] Cuts, bool IsCompressed, uint Key, bool Pings);

    /// <summary>A byte that is put into a stream, or in place of another.</summary>
    public sealed record Change(ushort At, byte Value, bool Inserted);

    [ForAll]
    public void Messages_are_the_same_however_they_are_fragmented_and_split(Sent[] messages, byte[] arrivals, PositiveInt segment)
    {
        var expected = new List<string>();
        byte[] stream = [.. messages.SelectMany(message => Frames(message, expected))];

        Assert.Equal(expected, Read(stream, arrivals, segment.Get));
    }

    [ForAll]
    public void A_changed_stream_is_read_as_the_reference_reader_reads_it(Sent[] messages, Change[] changes, byte[] arrivals, PositiveInt segment)
    {
        var stream = messages.SelectMany(static message => Frames(message, [])).ToList();
        foreach (var change in changes)
        {
            var at = stream.Count == 0 ? 0 : change.At % stream.Count;
            if (change.Inserted || stream.Count == 0)
                stream.Insert(at, change.Value);
            else
                stream[at] = change.Value;
        }

        Assert.Equal(ReferenceReader.Read([.. stream], Limit), Read([.. stream], arrivals, segment.Get));
    }

    /// <summary>Most are wrong at once; headers that are not make the others interesting.</summary>
    [ForAll]
    public void Noise_is_read_as_the_reference_reader_reads_it(byte[] noise, byte opcode, byte length, byte[] arrivals, PositiveInt segment)
    {
        byte[] stream = [(byte)(0x80 | (opcode % 16)), (byte)(0x80 | length), .. noise];

        Assert.Equal(ReferenceReader.Read(stream, Limit), Read(stream, arrivals, segment.Get));
    }

    private static List<byte> Frames(Sent message, List<string> found)
    {
        var plain = message.Text?.Utf8 ?? message.Bytes.Bytes;
        var payload = message.IsCompressed ? ClientDeflate.Compress(plain) : plain;
        var opcode = (message.Text is null ? WebSocketFrame.BinaryOpcode : WebSocketFrame.TextOpcode) | (message.IsCompressed ? Compressed : 0);
        var frames = new List<byte>();
        var at = 0;
        for (var i = 0; i <= message.Cuts.Length; i++)
        {
            if (message.Pings)
            {
                frames.AddRange(Frame.FromClient(WebSocketFrame.PingOpcode, [(byte)i], key: message.Key));
                found.Add($"ping {i & 0xFF:X2}");
            }

            var isLast = i == message.Cuts.Length;
            var size = isLast ? payload.Length - at : Math.Min(message.Cuts[i] * 2, payload.Length - at);
            frames.AddRange(Frame.FromClient(opcode, payload.AsSpan(at, size), final: isLast, message.Key + (uint)i));
            (opcode, at) = (WebSocketFrame.ContinuationOpcode, at + size);
        }

        found.Add($"{(message.Text is null ? "binary" : "text")} {Convert.ToHexString(plain)}");
        return frames;
    }

    /// <summary>Reads a stream of which so much comes at a time, as a pipe does: what was not taken is given again.</summary>
    private static List<string> Read(byte[] stream, byte[] arrivals, int segment)
    {
        using var reader = new MessageReader(Limit, deflate: true);
        List<string> found = [];
        var (begin, end) = (0, 0);
        for (var i = 0; begin < stream.Length; i++)
        {
            end = i < arrivals.Length ? Math.Min(stream.Length, end + 1 + (arrivals[i] * arrivals[i] / 16)) : stream.Length;
            var buffer = Segments.Of(stream[begin..end], segment);
            while (reader.Read(ref buffer) is var inbound and not InboundFrame.Nothing)
            {
                found.Add(Describe(reader, inbound));
                if (inbound is InboundFrame.Close or InboundFrame.Fault)
                    return found;
            }

            begin = end - (int)buffer.Length;
            if (end == stream.Length)
                break;
        }

        return found;
    }

    private static string Describe(MessageReader reader, InboundFrame found) => found switch
    {
        InboundFrame.Message => $"{(reader.Message.Type == System.Net.WebSockets.WebSocketMessageType.Text ? "text" : "binary")} "
            + Convert.ToHexString(reader.Message.Data.Span),
        InboundFrame.Ping => $"ping {Convert.ToHexString(reader.Payload)}",
        InboundFrame.Pong => $"pong {Convert.ToHexString(reader.Payload)}",
        InboundFrame.Close => $"close {(int)reader.CloseStatus}{reader.CloseReason}",
        _ => $"fault {(int)reader.Fault!.Code}",
    };
}
