using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using ChatKit.Connections;
using ChatKit.Connections.Transport;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Tests.Connections;

/// <summary>A pipe whose end the test holds, and a real socket whose peer the test holds: nothing carries the one to the other.</summary>
internal sealed class PipeAndSocket : IDuplexPipe, IDisposable
{
    /// <summary>How much the kernel is asked to keep on each side, in bytes. Unasked it lets a receiver's buffer grow to 6 MB.</summary>
    public const int SocketBuffer = 64 * 1024;

    private readonly Pipe _pipe;

    private PipeAndSocket(PipeOptions options, Socket socket, Socket peer)
    {
        (_pipe, Socket, Peer) = (new Pipe(options), socket, peer);
        Transport = new PipeTransport(this, socket, Clock);
    }

    public FakeTimeProvider Clock { get; } = new();

    public PipeTransport Transport { get; }

    public Socket Socket { get; }

    public Socket Peer { get; }

    public PipeReader Sent => _pipe.Reader;

    public PipeReader Input { get; } = new Pipe().Reader;

    public PipeWriter Output => _pipe.Writer;

    /// <param name="pipeBuffer">How many bytes may be in the pipe before a write waits; 0 for any number.</param>
    public static async Task<PipeAndSocket> CreateAsync(int pipeBuffer = 0)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var peer = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = SocketBuffer };
        await peer.ConnectAsync(listener.LocalEndpoint);
        var socket = await listener.AcceptSocketAsync();
        socket.SendBufferSize = SocketBuffer;
        var options = new PipeOptions(
            pauseWriterThreshold: pipeBuffer, resumeWriterThreshold: pipeBuffer / 2, useSynchronizationContext: false);
        return new PipeAndSocket(options, socket, peer);
    }

    /// <summary>Writes a text, and expects the write to end.</summary>
    public Task WriteAsync(string text) => Transport.WriteAsync(Frame.OfText(text)).AsTask().Soon();

    /// <summary>Writes so many texts.</summary>
    public async Task WriteAsync(int count)
    {
        for (var i = 0; i < count; i++)
            await WriteAsync($"{i}");
    }

    /// <summary>Takes the frames that are in the pipe.</summary>
    public List<Frame> TakeFromPipe()
    {
        if (!Sent.TryRead(out var result))
            return [];
        var frames = Frame.Parse(result.Buffer.ToArray());
        Sent.AdvanceTo(result.Buffer.End);
        return frames;
    }

    public IEnumerable<string> TakeTextsFromPipe() => TakeFromPipe().Select(static f => f.Text);

    /// <summary>Everything that was sent to the socket. Nothing can be sent afterwards.</summary>
    public async Task<List<Frame>> TakeAllFromSocketAsync()
    {
        Socket.Shutdown(SocketShutdown.Send);
        await using var stream = new NetworkStream(Peer);
        using var all = new MemoryStream();
        await stream.CopyToAsync(all).Soon();
        return Frame.Parse(all.ToArray());
    }

    public void Dispose()
    {
        Socket.Dispose();
        Peer.Dispose();
    }
}
