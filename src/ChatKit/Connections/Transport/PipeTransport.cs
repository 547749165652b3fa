using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using ChatKit.WebSockets;

namespace ChatKit.Connections.Transport;

/// <summary>
/// The pipe under the HTTP layer, and the socket under the pipe. Writing to the socket avoids the pipe's copy and its switch to another
/// thread, but is only safe once the pipe is empty, and a pipe does not report that. So a busy connection sends a ping through the pipe and
/// holds back the frames that follow. The pong proves that everything before the ping has left.
/// </summary>
/// <param name="pipe">The pipe.</param>
/// <param name="socket">
/// The socket that receives the pipe's data unchanged; null if there is none, or if something in between changes the data.
/// </param>
/// <param name="clock">The clock.</param>
/// <param name="batching">Carries out many writes at once; null if each is carried out alone.</param>
internal sealed class PipeTransport(IDuplexPipe pipe, Socket? socket, TimeProvider clock, IWriteBatching? batching = null) : FrameTransport
{
    /// <summary>The number of messages written before the connection sends the ping. For fewer, the ping is not worth its cost.</summary>
    private const int WritesBeforeProbe = 8;

    /// <summary>After an unanswered ping, the connection waits for this many times as many writes before the next ping.</summary>
    private const int Patience = 8;

    /// <summary>
    /// The longest time that frames are held back. A person does not notice it. A client with a longer round trip stays on the pipe.
    /// </summary>
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromMilliseconds(50);

    private int _writes;
    private int _probeAt = WritesBeforeProbe;
    private bool _direct;
    private volatile bool _closing;
    private Probe? _probe;

    public override PipeReader Input => pipe.Input;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
    {
        if (_direct)
            return SocketWriter.WriteAsync(socket!, frames);
        if (socket is not null && !_closing && HasData(frames.Span) && ++_writes >= _probeAt)
            return ProbeAsync(frames);
        return PipeFlush.CompleteAsync(pipe.Output.WriteAsync(frames));
    }

    public override bool TryBatch(ReadOnlySpan<byte> frames, IBatchedWriter writer) =>
        _direct && batching?.TryAdd(socket!, frames, writer) == true;

    public override void OnPong(ReadOnlySpan<byte> payload) => Volatile.Read(ref _probe)?.TryAnswer(payload);

    /// <summary>
    /// No ping may follow a close frame, and the client would not answer it. If a ping is on its way, its frames are no longer held back.
    /// </summary>
    public override void OnClosing()
    {
        _closing = true;
        Interlocked.MemoryBarrier();
        _probe?.GiveUp();
    }

    /// <summary>Whether there are data frames. A client that only pings is not busy, and waits for each pong.</summary>
    private static bool HasData(ReadOnlySpan<byte> frames) => !frames.IsEmpty && !WebSocketFrame.IsControl(frames);

    private async ValueTask ProbeAsync(ReadOnlyMemory<byte> frames)
    {
        var probe = new Probe();
        Interlocked.Exchange(ref _probe, probe);
        if (_closing)
            probe.GiveUp();
        pipe.Output.Write(frames.Span);
        await PipeFlush.CompleteAsync(pipe.Output.WriteAsync(probe.Ping)).ConfigureAwait(false);
        _direct = await probe.WaitAsync(ProbeTimeout, clock).ConfigureAwait(false);
        Volatile.Write(ref _probe, null);

        // From now on, synchronous sends do not block. This does not affect operations that the host has started on the socket.
        if (_direct)
            socket!.Blocking = false;
        else
            (_writes, _probeAt) = (0, (int)Math.Min((long)_probeAt * Patience, int.MaxValue));
    }
}
