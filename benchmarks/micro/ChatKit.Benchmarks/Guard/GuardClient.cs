using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace ChatKit.Benchmarks.Guard;

/// <summary>A client in memory: a real connection reads what it sends, and its writes are counted and thrown away.</summary>
internal sealed class GuardClient : IDuplexPipe
{
    private const int Digits = 7;

    private readonly CountingWriter _output = new();
    private readonly Pipe? _input;
    private byte[] _frame = [];

    /// <param name="sends">Whether the client sends something. If not, it needs no pipe.</param>
    public GuardClient(bool sends = false) => _input = sends ? new Pipe() : null;

    public PipeReader Input => _input?.Reader ?? new SilentReader();

    public PipeWriter Output => _output;

    /// <summary>The number of bytes that were written to the client.</summary>
    public long Written => _output.Written;

    /// <summary>The number of writes.</summary>
    public long Writes => _output.Writes;

    /// <summary>Creates the frame of a client, with a mask of zeros.</summary>
    public static byte[] FrameOf(string text)
    {
        var payload = Encoding.UTF8.GetBytes(text);
        byte[] length = payload.Length < 126 ? [(byte)(0x80 | payload.Length)] : [0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length];
        return [0x81, .. length, 0, 0, 0, 0, .. payload];
    }

    /// <summary>Sets what <see cref="Send"/> sends. A '#' in it is followed by a number of 7 digits, which is counted up each time.</summary>
    public void Prepare(string text) => _frame = FrameOf(text);

    public void Send()
    {
        Increment(_frame);
        _frame.CopyTo(_input!.Writer.GetSpan(_frame.Length));
        _input.Writer.Advance(_frame.Length);
        _ = _input.Writer.FlushAsync().AsTask();
    }

    /// <summary>Counts up the number after '#' in a frame.</summary>
    private static void Increment(Span<byte> frame)
    {
        var at = frame.IndexOf("#"u8) + Digits;
        if (at < Digits)
            return;
        while (frame[at] == '9')
            frame[at--] = (byte)'0';
        frame[at]++;
    }

    private sealed class CountingWriter : PipeWriter
    {
        private readonly ArrayBufferWriter<byte> _buffer = new();

        public long Written { get; private set; }

        public long Writes { get; private set; }

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            Writes++;
            Written += source.Length;
            return default;
        }

        public override void Advance(int bytes) => _buffer.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _buffer.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }

    /// <summary>Nothing ever arrives.</summary>
    private sealed class SilentReader : PipeReader
    {
        private readonly TaskCompletionSource<ReadResult> _never = new();

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => new(_never.Task);

        public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

        public override void AdvanceTo(SequencePosition consumed)
        {
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
        }

        public override void CancelPendingRead()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
