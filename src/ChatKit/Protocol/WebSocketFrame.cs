using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Text;

namespace ChatKit.Protocol;

/// <summary>Writes the frames that a server sends (RFC 6455 section 5.2): never fragmented, never masked.</summary>
internal static class WebSocketFrame
{
    public const int CloseOpcode = 0x8;
    public const int PingOpcode = 0x9;
    public const int PongOpcode = 0xA;

    /// <summary>A control frame carries at most this many bytes (RFC 6455 section 5.5).</summary>
    private const int MaxControlPayload = 125;

    /// <summary>What a close frame leaves for the reason after its two bytes of code.</summary>
    public const int MaxReasonBytes = MaxControlPayload - 2;

    private const byte Fin = 0x80;

    /// <summary>Says that the payload is compressed (RFC 7692 section 6).</summary>
    private const byte Rsv1 = 0x40;

    private const int TextOpcode = 0x1;
    private const int BinaryOpcode = 0x2;

    /// <summary>An empty ping. Who answers does not matter, only that somebody does.</summary>
    public static ReadOnlyMemory<byte> Ping { get; } = new byte[] { Fin | PingOpcode, 0 };

    /// <summary>A frame of text, and where in it the payload is.</summary>
    public static byte[] Text(string text, out ReadOnlyMemory<byte> payload)
    {
        var frame = Allocate(TextOpcode, Encoding.UTF8.GetByteCount(text), out var header);
        Encoding.UTF8.GetBytes(text, frame.AsSpan(header));
        payload = frame.AsMemory(header);
        return frame;
    }

    /// <summary>A frame of bytes, and where in it the payload is.</summary>
    public static byte[] Create(
        WebSocketMessageType type, ReadOnlySpan<byte> data, out ReadOnlyMemory<byte> payload)
    {
        var frame = Allocate(DataOpcode(type), data.Length, out var header);
        data.CopyTo(frame.AsSpan(header));
        payload = frame.AsMemory(header);
        return frame;
    }

    /// <summary>A frame of bytes that are compressed already.</summary>
    public static byte[] Compressed(WebSocketMessageType type, ReadOnlySpan<byte> data)
    {
        var frame = Allocate(Rsv1 | DataOpcode(type), data.Length, out var header);
        data.CopyTo(frame.AsSpan(header));
        return frame;
    }

    /// <summary>A close frame (RFC 6455 section 5.5.1).</summary>
    public static byte[] Close(WebSocketCloseStatus status, string? reason)
    {
        reason ??= "";
        var frame = Allocate(CloseOpcode, sizeof(ushort) + Encoding.UTF8.GetByteCount(reason), out var header);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(header), (ushort)status);
        Encoding.UTF8.GetBytes(reason, frame.AsSpan(header + sizeof(ushort)));
        return frame;
    }

    public static int Opcode(ReadOnlySpan<byte> frame) => frame[0] & 0x0F;

    /// <summary>The code in a close frame.</summary>
    public static WebSocketCloseStatus CloseStatus(ReadOnlySpan<byte> frame) =>
        (WebSocketCloseStatus)BinaryPrimitives.ReadUInt16BigEndian(frame[2..]);

    /// <summary>Whether an endpoint may put the code into a close frame (RFC 6455 sections 7.4.1 and 7.4.2).</summary>
    public static bool MaySend(WebSocketCloseStatus status) =>
        (int)status is >= 1000 and <= 1003 or >= 1007 and <= 1014 or >= 3000 and <= 4999;

    private static int DataOpcode(WebSocketMessageType type) => type == WebSocketMessageType.Text ? TextOpcode : BinaryOpcode;

    private static byte[] Allocate(int bits, int payload, out int header)
    {
        header = payload switch { <= MaxControlPayload => 2, <= ushort.MaxValue => 4, _ => 10 };
        var frame = GC.AllocateUninitializedArray<byte>(header + payload);
        frame[0] = (byte)(Fin | bits);
        if (header == 2)
        {
            frame[1] = (byte)payload;
        }
        else if (header == 4)
        {
            frame[1] = 126;
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)payload);
        }
        else
        {
            frame[1] = 127;
            BinaryPrimitives.WriteUInt64BigEndian(frame.AsSpan(2), (ulong)payload);
        }

        return frame;
    }
}
