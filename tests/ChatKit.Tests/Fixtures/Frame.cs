using System.Buffers.Binary;
using System.Text;
using ChatKit.WebSockets;

namespace ChatKit.Tests.Fixtures;

/// <summary>A frame as it went over the wire from the server: unmasked, never fragmented.</summary>
internal sealed record Frame(int Opcode, byte[] Payload)
{
    public const int TextOpcode = 1;

    public string Text => Encoding.UTF8.GetString(Payload);

    /// <summary>The code of a close frame.</summary>
    public int Code => BinaryPrimitives.ReadUInt16BigEndian(Payload);

    /// <summary>Takes bytes apart that must be whole frames.</summary>
    public static List<Frame> Parse(ReadOnlySpan<byte> bytes)
    {
        List<Frame> frames = [];
        while (!bytes.IsEmpty)
        {
            Assert.True((bytes[0] & 0xF0) == 0x80 && (bytes[1] & 0x80) == 0, "a server's frames are final, with no reserved bits, and not masked");
            var (header, length) = (ServerFrame.HeaderSize(bytes), (int)ServerFrame.PayloadLength(bytes));
            Assert.True(bytes.Length >= header + length, "frames are written whole");
            frames.Add(new Frame(bytes[0] & 0x0F, bytes.Slice(header, length).ToArray()));
            bytes = bytes[(header + length)..];
        }

        return frames;
    }

    /// <summary>A frame of text as a server sends it.</summary>
    public static ReadOnlyMemory<byte> OfText(string text) => WebSocketFrame.Text(text, out _);

    /// <summary>A frame as a client sends it: masked, unless told otherwise with a key of zeros, so that the payload is readable.</summary>
    /// <param name="opcode">The opcode, with reserved bits if there are to be any.</param>
    /// <param name="payload">The payload as it is before it is masked.</param>
    /// <param name="final">Whether the message ends with the frame.</param>
    /// <param name="key">The masking key as the library has it: its first byte is the lowest.</param>
    public static byte[] FromClient(int opcode, ReadOnlySpan<byte> payload, bool final = true, uint key = 0) =>
        ClientFrame.Of(opcode, payload, final, BinaryPrimitives.ReverseEndianness(key));
}
