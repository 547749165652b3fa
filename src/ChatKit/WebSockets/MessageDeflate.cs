using System.Buffers;
using System.Diagnostics;
using System.IO.Compression;
using System.Net.WebSockets;

namespace ChatKit.WebSockets;

/// <summary>
/// Compresses and inflates whole messages, each on its own (permessage-deflate, RFC 7692). Without context takeover, one frame fits every
/// client, and a connection keeps no window between messages.
/// </summary>
internal static class MessageDeflate
{
    /// <summary>
    /// The size in bytes from which payloads are compressed. For a smaller chat message, deflate saves less than the headers of a packet,
    /// and costs about 10 microseconds here and work at every client.
    /// </summary>
    public const int Threshold = 256;

    /// <summary>The expected ratio of inflated to compressed size. For a larger message, the buffer is doubled.</summary>
    private const int ExpectedRatio = 4;

    private const int MinInflateBuffer = 1024;

    /// <summary>
    /// The fastest level that adapts its codes to the text. For chat messages, level 1 saves 8%, level 2 saves 35%, and level 9 saves no
    /// more.
    /// </summary>
    private static readonly ZLibCompressionOptions Options = new() { CompressionLevel = 2 };

    /// <summary>
    /// The platform supports no window smaller than 32 KiB. For clients with a smaller window, references go back only one byte. That fits
    /// every window, so one frame suits all such clients, and it still saves a third of a chat message.
    /// </summary>
    private static readonly ZLibCompressionOptions SmallWindowOptions =
        new() { CompressionLevel = 2, CompressionStrategy = ZLibCompressionStrategy.RunLengthEncoding };

    /// <summary>The end of a flush, which is omitted from the frame (RFC 7692 section 7.2.1).</summary>
    private static ReadOnlySpan<byte> FlushMark => [0x00, 0x00, 0xFF, 0xFF];

    /// <summary>The flush mark and an empty final block, which distinguishes a complete message from a truncated one.</summary>
    private static ReadOnlySpan<byte> End => [0x00, 0x00, 0xFF, 0xFF, 0x01, 0x00, 0x00, 0xFF, 0xFF];

    /// <summary>Compresses a frame.</summary>
    /// <param name="frame">An uncompressed frame that <see cref="WebSocketFrame"/> has created.</param>
    /// <param name="smallWindow">Whether the frame is for clients with a window smaller than 32 KiB.</param>
    /// <returns>The compressed frame; null if the frame is empty, or if the payload is below the threshold or wouldn't get smaller.</returns>
    public static byte[]? Compress(ReadOnlySpan<byte> frame, bool smallWindow = false) =>
        frame.IsEmpty ? null : Frame(WebSocketFrame.DataType(frame), WebSocketFrame.Payload(frame), smallWindow);

    /// <summary>Creates a frame with the compressed payload, for all clients that accept compression.</summary>
    /// <returns>The frame; null if the payload is below the threshold or wouldn't get smaller.</returns>
    public static byte[]? Frame(WebSocketMessageType type, ReadOnlySpan<byte> payload, bool smallWindow = false)
    {
        if (payload.Length < Threshold)
            return null;

        var buffer = ArrayPool<byte>.Shared.Rent(payload.Length);
        try
        {
            using var output = new BoundedOutput(buffer);
            using var deflate = new DeflateStream(output, smallWindow ? SmallWindowOptions : Options, leaveOpen: true);
            deflate.Write(payload);
            deflate.Flush();
            if (output.IsFull)
                return null;

            var flushed = buffer.AsSpan(0, (int)output.Position);
            Debug.Assert(flushed.EndsWith(FlushMark), "a flush ends with its mark");
            var compressed = flushed[..^FlushMark.Length];
            return compressed.Length < payload.Length ? WebSocketFrame.Compressed(type, compressed) : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Inflates the payload of a complete message. Like zlib, it ignores data after a final block.</summary>
    /// <param name="compressed">The payloads of the message's frames, unmasked.</param>
    /// <param name="limit">The maximum inflated size, in bytes. At most one byte more is inflated.</param>
    /// <param name="data">The inflated data, in a new array of exactly that length; null unless the result is Ok.</param>
    public static InflateResult Inflate(ReadOnlySpan<byte> compressed, int limit, out byte[]? data)
    {
        data = null;
        var buffer = ArrayPool<byte>.Shared.Rent(compressed.Length + End.Length);
        try
        {
            compressed.CopyTo(buffer);
            End.CopyTo(buffer.AsSpan(compressed.Length));
            using var input = new WatchedInput(buffer, compressed.Length + End.Length);
            using var inflate = new DeflateStream(input, CompressionMode.Decompress, leaveOpen: true);
            data = Read(inflate, FirstBufferSize(compressed.Length, limit), limit);
            if (data is null)
                return InflateResult.TooBig;

            // DeflateStream treats the end of its input as the end of the data.
            if (!input.IsExhausted)
                return InflateResult.Ok;
        }
        catch (InvalidDataException)
        {
            // The client sent invalid data; that isn't an error of the server.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        data = null;
        return InflateResult.Corrupt;
    }

    /// <summary>Inflates to the end of the input.</summary>
    /// <returns>The data; null if it exceeds the limit.</returns>
    private static byte[]? Read(DeflateStream inflate, int size, int limit)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var length = 0;
            while (true)
            {
                // One byte beyond the limit is enough to detect that it is exceeded.
                var space = (int)Math.Min(buffer.Length, limit + 1L) - length;
                var count = inflate.Read(buffer.AsSpan(length, space));
                length += count;
                if (length > limit)
                    return null;
                if (count == 0)
                    return buffer.AsSpan(0, length).ToArray();
                if (length == buffer.Length)
                    Grow(ref buffer, limit);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int FirstBufferSize(int compressed, int limit) =>
        (int)Math.Min(Math.Max((long)compressed * ExpectedRatio, MinInflateBuffer), limit + 1L);

    private static void Grow(ref byte[] buffer, int limit)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(buffer.Length * 2L, limit + 1L));
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }

    /// <summary>Stores what fits into the buffer and discards the rest, because a payload that doesn't shrink isn't needed.</summary>
    private sealed class BoundedOutput(byte[] buffer) : MemoryStream(buffer)
    {
        public bool IsFull { get; private set; }

        public override void Write(byte[] buffer, int offset, int count)
        {
            IsFull |= count > Capacity - Position;
            if (!IsFull)
                base.Write(buffer, offset, count);
        }
    }

    /// <summary>Detects reads beyond its end. They don't occur after a final block was read.</summary>
    private sealed class WatchedInput(byte[] buffer, int length) : MemoryStream(buffer, 0, length, writable: false)
    {
        public bool IsExhausted { get; private set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = base.Read(buffer, offset, count);
            IsExhausted |= read == 0;
            return read;
        }
    }
}
