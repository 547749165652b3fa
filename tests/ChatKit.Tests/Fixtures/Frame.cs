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
            Assert.True((bytes[0] & 0xF0) == 0x80, "a server's frames are final and have no reserved bits");
            var (length, header) = bytes[1] switch
            {
                126 => (BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]), 4),
                127 => ((int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]), 10),
                var small => (small, 2),
            };
            Assert.True(bytes.Length >= header + length, "frames are written whole");
            frames.Add(new Frame(bytes[0] & 0x0F, bytes.Slice(header, length).ToArray()));
            bytes = bytes[(header + length)..];
        }

        return frames;
    }

    /// <summary>A frame of text as a server sends it.</summary>
    public static ReadOnlyMemory<byte> OfText(string text) => WebSocketFrame.Text(text, out _);

    /// <summary>A frame as a client sends it: masked, unless told otherwise with a key of zeros, so that the payload is readable.</summary>
    public static byte[] FromClient(int opcode, ReadOnlySpan<byte> payload, bool final = true, uint key = 0)
    {
        var length = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(length, (ulong)payload.Length);
        byte[] lengths = payload.Length switch
        {
            <= 125 => [(byte)payload.Length],
            <= ushort.MaxValue => [126, .. length[^2..]],
            _ => [127, .. length],
        };
        lengths[0] |= 0x80;
        byte[] keys = [(byte)key, (byte)(key >> 8), (byte)(key >> 16), (byte)(key >> 24)];
        byte[] frame = [(byte)(opcode | (final ? 0x80 : 0)), .. lengths, .. keys, .. payload];
        for (var i = 0; i < payload.Length; i++)
            frame[frame.Length - payload.Length + i] ^= keys[i % 4];
        return frame;
    }
}
