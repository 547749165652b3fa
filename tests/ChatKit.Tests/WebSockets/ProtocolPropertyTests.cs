using System.Buffers;
using System.Text;
using ChatKit.TestKit.ForAll;
using ChatKit.Tests.Fixtures;
using ChatKit.WebSockets;
using FsCheck;

namespace ChatKit.Tests.WebSockets;

public class ProtocolPropertyTests
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    [ForAll]
    public void A_header_is_read_whatever_follows_and_however_the_buffer_is_segmented(
        Payload payload, Payload behind, bool final, uint key, PositiveInt size)
    {
        var frame = Frame.FromClient(WebSocketFrame.BinaryOpcode, payload.Bytes, final, key);
        var buffer = Segments.Of([.. frame, .. behind.Bytes], size.Get);

        Assert.True(ClientFrameHeader.TryRead(ref buffer, out var header, out var fault));

        Assert.Null(fault);
        Assert.Equal(
            (WebSocketFrame.BinaryOpcode, final, (long)payload.Bytes.Length, key),
            (header.Opcode, header.IsFinal, header.PayloadLength, header.MaskKey));
        Assert.Equal(payload.Bytes.Length + behind.Bytes.Length, buffer.Length);
    }

    /// <summary>Whatever the bytes are, waiting for more never changes what the first of them were.</summary>
    [ForAll]
    public void More_bytes_never_change_the_result_of_reading_a_header(byte first, byte second, byte[] more)
    {
        byte[] bytes = [first, second, .. more];
        string? known = null;
        for (var length = 0; length <= bytes.Length; length++)
        {
            var buffer = Segments.Of(bytes[..length], size: 3);
            var read = ClientFrameHeader.TryRead(ref buffer, out var header, out var fault);

            var found = read ? $"{header.Opcode} {header.IsFinal} {header.PayloadLength} {header.MaskKey}" : fault?.Problem;
            Assert.False(read && fault is not null);
            Assert.True(known is null || known == found, "the result does not change");
            Assert.True(read || length < 14 || fault is not null, "a header has at most 14 bytes");
            known ??= found;
        }
    }

    [ForAll]
    public void Unmasking_in_pieces_equals_unmasking_at_once(Payload payload, uint key, byte cut)
    {
        var whole = payload.Bytes.ToArray();
        Mask.Remove(whole, key, 0);
        var pieces = payload.Bytes.ToArray();
        var middle = Math.Min(cut, pieces.Length);
        Mask.Remove(pieces.AsSpan(0, middle), key, 0);
        Mask.Remove(pieces.AsSpan(middle), key, middle);

        Assert.Equal(whole, pieces);
        Assert.Equal(payload.Bytes.Select((b, i) => (byte)(b ^ (key >> (8 * (i % 4))))), whole);
    }

    [ForAll]
    public void Validation_in_pieces_agrees_with_the_UTF8Encoding_of_NET(AnyText text, byte[] noise, byte at, byte[] cuts)
    {
        // Mostly right, and spoilt in one place.
        var right = text.Utf8;
        var place = right.Length == 0 ? 0 : at % right.Length;
        foreach (var bytes in new[] { right, noise, [.. right[..place], .. noise, .. right[place..]] })
            Assert.Equal(IsUtf8(bytes), IsValid(bytes, cuts));
    }

    [ForAll]
    public void Invalid_utf8_is_found_at_the_first_byte_that_cannot_be_valid(AnyText text, byte[] noise)
    {
        byte[] bytes = [.. text.Utf8, .. noise];
        for (var length = 0; length <= bytes.Length; length++)
        {
            var valid = Utf8Check.IsValid(bytes.AsSpan(0, length), isLast: false, out var done);
            Assert.Equal(MayBecomeUtf8(bytes.AsSpan(0, length)), valid);
            Assert.True(!valid || length - done <= 3);
        }
    }

    [ForAll]
    public void A_close_frame_survives_writing_and_reading(AnyText reason, ushort code)
    {
        var status = (System.Net.WebSockets.WebSocketCloseStatus)(code % 5100);
        var fits = reason.Utf8.Length <= WebSocketFrame.MaxReasonBytes;
        if (!fits || !WebSocketFrame.MaySend(status))
        {
            Assert.ThrowsAny<ArgumentException>(() => CloseArguments.ThrowIfInvalid(status, reason.Value));
            return;
        }

        CloseArguments.ThrowIfInvalid(status, reason.Value);
        var frame = Assert.Single(Frame.Parse(WebSocketFrame.Close(status, reason.Value)));
        Assert.Null(WebSocketFrame.ReadClose(frame.Payload, out var read, out var text));
        Assert.Equal((status, reason.Unicode), (read, text ?? ""));
    }

    [ForAll]
    public void Any_close_payload_is_read_or_rejected(byte[] payload)
    {
        var fault = WebSocketFrame.ReadClose(payload, out var status, out var reason);

        Assert.True(fault is null || (int)fault.Code is 1002 or 1007);
        Assert.True(fault is not null || payload.Length == 0 || WebSocketFrame.MaySend(status));
        Assert.True(fault is not null || reason is null || Strict.GetByteCount(reason) == payload.Length - 2);
    }

    /// <summary>Checks piece by piece, each with what the one before it has left.</summary>
    private static bool IsValid(byte[] text, byte[] cuts)
    {
        var begin = 0;
        var end = 0;
        foreach (var cut in cuts)
        {
            end = Math.Min(text.Length, end + (cut % 8));
            if (!Utf8Check.IsValid(text.AsSpan(begin, end - begin), isLast: false, out var done))
                return false;
            begin += done;
        }

        return Utf8Check.IsValid(text.AsSpan(begin), isLast: true, out _);
    }

    private static bool IsUtf8(byte[] bytes) => Record.Exception(() => Strict.GetCharCount(bytes)) is null;

    /// <summary>Whether there is anything that the bytes can be the beginning of.</summary>
    private static bool MayBecomeUtf8(ReadOnlySpan<byte> bytes)
    {
        while (Rune.DecodeFromUtf8(bytes, out _, out var length) == OperationStatus.Done)
            bytes = bytes[length..];
        byte[] rest = bytes.ToArray();
        byte[][] ends = [[], [0x80], [0xBF], [0x80, 0x80], [0xBF, 0x80], [0x80, 0x80, 0x80], [0xBF, 0x80, 0x80]];
        return ends.Any(end => IsUtf8([.. rest, .. end]));
    }
}
