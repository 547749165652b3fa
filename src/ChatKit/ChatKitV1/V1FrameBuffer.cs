using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ChatKit.ChatKitV1;

/// <summary>The encoding buffer of a thread. Frames are encoded one at a time, so one buffer per thread is enough.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Lives as long as its thread.")]
internal sealed class V1FrameBuffer
{
    /// <summary>Letters of all scripts are written unescaped. This is safe because ChatKit never inserts frames into HTML.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>A larger buffer isn't kept, because few messages are that long and there are many threads.</summary>
    private const int MaxKept = 64 * 1024;

    public V1FrameBuffer()
    {
        Json = new Utf8JsonWriter(Bytes, Options);
    }

    public ArrayBufferWriter<byte> Bytes { get; private set; } = new(512);

    public Utf8JsonWriter Json { get; }

    public void Reset()
    {
        if (Bytes.Capacity > MaxKept)
            Bytes = new ArrayBufferWriter<byte>(512);
        else
            Bytes.ResetWrittenCount();
        Json.Reset(Bytes);
    }
}
