using System.Runtime.InteropServices;
using ChatKit.AspNetCore.Sockets;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>A ring that can fail, and that counts. Without io_uring, it sends itself, so that the tests run on every kernel.</summary>
/// <param name="sendsUntilFailure">The number of sends that it carries out before it fails.</param>
internal sealed class TestRing(int sendsUntilFailure) : ISendRing
{
    private readonly IoUring? _ring = IsAvailable && sendsUntilFailure == int.MaxValue ? new IoUring() : null;
    private readonly List<(int Socket, nint Bytes, int Length)> _sends = [];
    private readonly List<int> _counts = [];
    private int _sent;

    public static bool IsAvailable { get; } = Try();

    /// <summary>The number of sends of each batch.</summary>
    public IReadOnlyList<int> Counts
    {
        get
        {
            lock (_counts)
                return [.. _counts];
        }
    }

    public bool IsDisposed { get; private set; }

    public void Add(int index, int socket, nint bytes, int length)
    {
        Assert.Equal(_sends.Count, index);
        _sends.Add((socket, bytes, length));
        _ring?.Add(index, socket, bytes, length);
    }

    public bool Submit(Span<int> sent)
    {
        Assert.Equal(_sends.Count, sent.Length);
        lock (_counts)
            _counts.Add(sent.Length);
        var works = _ring?.Submit(sent) ?? SendAll(sent);
        _sends.Clear();
        return works;
    }

    public void Dispose()
    {
        Assert.False(IsDisposed);
        IsDisposed = true;
        _ring?.Dispose();
    }

    private bool SendAll(Span<int> sent)
    {
        sent.Fill(ISendRing.NotSent);
        for (var i = 0; i < sent.Length; i++)
        {
            if (_sent++ >= sendsUntilFailure)
                return false;
            sent[i] = Send(_sends[i]);
        }

        return true;
    }

    private static int Send((int Socket, nint Bytes, int Length) send)
    {
        var bytes = new byte[send.Length];
        Marshal.Copy(send.Bytes, bytes, 0, bytes.Length);
        var count = Libc.Send(send.Socket, bytes);
        return count < 0 ? -Libc.LastError : (int)count;
    }

    private static bool Try()
    {
        try
        {
            new IoUring().Dispose();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
