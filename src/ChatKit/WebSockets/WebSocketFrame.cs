using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace ChatKit.WebSockets;

/// <summary>Writes the frames that a server sends (RFC 6455 section 5.2). They are never fragmented or masked.</summary>
internal static class WebSocketFrame
{
    public const int ContinuationOpcode = 0x0;
    public const int TextOpcode = 0x1;
    public const int BinaryOpcode = 0x2;
    public const int CloseOpcode = 0x8;
    public const int PingOpcode = 0x9;
    public const int PongOpcode = 0xA;

    /// <summary>The maximum payload of a control frame, in bytes (RFC 6455 section 5.5).</summary>
    public const int MaxControlPayload = 125;

    /// <summary>The maximum length of a close reason, which follows the two bytes of the close code.</summary>
    public const int MaxReasonBytes = MaxControlPayload - 2;

    /// <summary>The header of a frame whose payload has 64 KiB or more.</summary>
    private const int MaxHeader = 10;

    private const byte Fin = 0x80;

    /// <summary>Marks a compressed payload (RFC 7692 section 6).</summary>
    private const byte Rsv1 = 0x40;

    /// <summary>An empty ping. Any answer will do, so it needs no payload.</summary>
    public static ReadOnlyMemory<byte> Ping { get; } = new byte[] { Fin | PingOpcode, 0 };

    /// <summary>Creates a text frame, and returns the location of the payload in it.</summary>
    public static byte[] Text(string text, out ReadOnlyMemory<byte> payload)
    {
        var frame = Allocate(TextOpcode, Encoding.UTF8.GetByteCount(text), out var header);
        Encoding.UTF8.GetBytes(text, frame.AsSpan(header));
        payload = frame.AsMemory(header);
        return frame;
    }

    /// <summary>Creates a data frame, and returns the location of the payload in it.</summary>
    public static byte[] Create(
        WebSocketMessageType type, ReadOnlySpan<byte> data, out ReadOnlyMemory<byte> payload)
    {
        var frame = Create(DataOpcode(type), data, out var header);
        payload = frame.AsMemory(header);
        return frame;
    }

    /// <summary>Creates a data frame that has no payload yet, and returns the location of it.</summary>
    public static byte[] Create(WebSocketMessageType type, int length, out Memory<byte> payload)
    {
        var frame = Allocate(DataOpcode(type), length, out var header);
        payload = frame.AsMemory(header);
        return frame;
    }

    /// <summary>The frame of a payload. Nothing is copied if <see cref="TryGetAround"/> finds it.</summary>
    public static byte[] Around(WebSocketMessageType type, ReadOnlyMemory<byte> payload) =>
        TryGetAround(type, payload) ?? Create(type, payload.Span, out _);

    /// <summary>
    /// The frame that a payload lies in, as those do that <see cref="Text"/> and the methods to create a data frame return; null if there is
    /// none.
    /// </summary>
    public static byte[]? TryGetAround(WebSocketMessageType type, ReadOnlyMemory<byte> payload)
    {
        Span<byte> header = stackalloc byte[MaxHeader];
        header = header[..WriteHeader(header, DataOpcode(type), payload.Length)];
        return MemoryMarshal.TryGetArray(payload, out var segment)
            && segment.Array is { } frame
            && segment.Offset == header.Length
            && frame.Length == header.Length + payload.Length
            && frame.AsSpan(0, header.Length).SequenceEqual(header)
                ? frame
                : null;
    }

    /// <summary>Creates a data frame from a compressed payload.</summary>
    public static byte[] Compressed(WebSocketMessageType type, ReadOnlySpan<byte> data) => Create(Rsv1 | DataOpcode(type), data, out _);

    /// <summary>Creates a ping or a pong (RFC 6455 sections 5.5.2 and 5.5.3).</summary>
    public static byte[] Control(int opcode, ReadOnlySpan<byte> payload) => Create(opcode, payload, out _);

    /// <summary>Creates a close frame (RFC 6455 section 5.5.1). For <see cref="WebSocketCloseStatus.Empty"/>, it has no payload.</summary>
    public static byte[] Close(WebSocketCloseStatus status, string? reason)
    {
        if (status == WebSocketCloseStatus.Empty)
            return Allocate(CloseOpcode, 0, out _);
        reason ??= "";
        var frame = Allocate(CloseOpcode, sizeof(ushort) + Encoding.UTF8.GetByteCount(reason), out var header);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(header), (ushort)status);
        Encoding.UTF8.GetBytes(reason, frame.AsSpan(header + sizeof(ushort)));
        return frame;
    }

    public static int Opcode(ReadOnlySpan<byte> frame) => frame[0] & 0x0F;

    public static bool IsControl(ReadOnlySpan<byte> frame) => (frame[0] & CloseOpcode) != 0;

    /// <summary>Returns the message type of a data frame that this class has created.</summary>
    public static WebSocketMessageType DataType(ReadOnlySpan<byte> frame) =>
        Opcode(frame) == TextOpcode ? WebSocketMessageType.Text : WebSocketMessageType.Binary;

    /// <summary>Returns the payload of a frame that this class has created.</summary>
    public static ReadOnlySpan<byte> Payload(ReadOnlySpan<byte> frame) => frame[HeaderLength(frame)..];

    /// <summary>Returns the length of the first of the frames that this class has created, and that of its header.</summary>
    public static int Length(ReadOnlySpan<byte> frames, out int header)
    {
        header = HeaderLength(frames);
        return header + header switch
        {
            4 => BinaryPrimitives.ReadUInt16BigEndian(frames[2..]),
            10 => (int)BinaryPrimitives.ReadUInt64BigEndian(frames[2..]),
            _ => frames[1],
        };
    }

    private static int HeaderLength(ReadOnlySpan<byte> frame) => frame[1] switch { 126 => 4, 127 => 10, _ => 2 };

    /// <summary>Whether a close frame can contain the code (RFC 6455 sections 7.4.1 and 7.4.2).</summary>
    public static bool MaySend(WebSocketCloseStatus status) =>
        (int)status is >= 1000 and <= 1003 or >= 1007 and <= 1014 or >= 3000 and <= 4999;

    /// <summary>Parses the payload of a client's close frame (RFC 6455 section 5.5.1).</summary>
    /// <returns>The protocol violation; null if there is none.</returns>
    public static ProtocolFault? ReadClose(ReadOnlySpan<byte> payload, out WebSocketCloseStatus status, out string? reason)
    {
        (status, reason) = (WebSocketCloseStatus.Empty, null);
        if (payload.IsEmpty)
            return null;
        if (payload.Length == 1)
            return ProtocolFault.Breach("truncated close code");

        status = (WebSocketCloseStatus)BinaryPrimitives.ReadUInt16BigEndian(payload);
        if (!MaySend(status))
            return ProtocolFault.Breach("invalid close code");
        if (!Utf8.IsValid(payload[sizeof(ushort)..]))
            return ProtocolFault.Utf8;
        reason = payload.Length > sizeof(ushort) ? Encoding.UTF8.GetString(payload[sizeof(ushort)..]) : null;
        return null;
    }

    private static int DataOpcode(WebSocketMessageType type) => type == WebSocketMessageType.Text ? TextOpcode : BinaryOpcode;

    private static byte[] Create(int bits, ReadOnlySpan<byte> data, out int header)
    {
        var frame = Allocate(bits, data.Length, out header);
        data.CopyTo(frame.AsSpan(header));
        return frame;
    }

    private static byte[] Allocate(int bits, int payload, out int header)
    {
        header = HeaderLength(payload);
        var frame = GC.AllocateUninitializedArray<byte>(header + payload);
        WriteHeader(frame, bits, payload);
        return frame;
    }

    private static int HeaderLength(int payload) => payload switch { <= MaxControlPayload => 2, <= ushort.MaxValue => 4, _ => MaxHeader };

    /// <summary>Returns the length of the header.</summary>
    private static int WriteHeader(Span<byte> frame, int bits, int payload)
    {
        var length = HeaderLength(payload);
        frame[0] = (byte)(Fin | bits);
        switch (length)
        {
            case 2:
                frame[1] = (byte)payload;
                break;
            case 4:
                frame[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(frame[2..], (ushort)payload);
                break;
            default:
                frame[1] = 127;
                BinaryPrimitives.WriteUInt64BigEndian(frame[2..], (ulong)payload);
                break;
        }

        return length;
    }
}
