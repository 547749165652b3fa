using System.Runtime.InteropServices;
using ChatKit.AspNetCore.Sockets;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>A ring that can fail, and that counts. Without io_uring, it sends itself, so that the tests run on every kernel.</summary>
internal sealed class TestRing : ISendRing
{
    /// <summary>EPERM, ENOSYS and EACCES.</summary>
    private static readonly int[] NotAllowed = [1, 38, 13];

    private readonly IoUring? _ring = TryCreateIoUring();
    private readonly List<(int Socket, nint Bytes, int Length)> _sends = [];
    private readonly List<int> _counts = [];
    private int _sent;

    /// <summary>The number of sends that it carries out before it fails.</summary>
    public int SendsUntilFailure { get; init; } = int.MaxValue;

    /// <summary>The number of bytes of each send that the network seems to accept; null for those that it does.</summary>
    public int? BytesAccepted { get; init; }

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

    private bool IsFaulty => SendsUntilFailure < int.MaxValue || BytesAccepted is not null;

    /// <summary>Creates a ring of the kernel. Returns null, and asserts that this is the reason, if the system doesn't allow one.</summary>
    public static IoUring? TryCreateIoUring()
    {
        try
        {
            return new IoUring();
        }
        catch (IOException e)
        {
            Assert.Contains(e.Message, NotAllowed.Select(Marshal.GetPInvokeErrorMessage));
            return null;
        }
    }

    public void Add(int index, int socket, nint bytes, int length)
    {
        Assert.Equal(_sends.Count, index);
        _sends.Add((socket, bytes, length));
        if (!IsFaulty)
            _ring?.Add(index, socket, bytes, length);
    }

    public bool Submit(Span<int> sent)
    {
        Assert.Equal(_sends.Count, sent.Length);
        lock (_counts)
            _counts.Add(sent.Length);
        var works = IsFaulty || _ring is null ? SendAll(sent) : _ring.Submit(sent);
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
            if (_sent++ >= SendsUntilFailure)
                return false;
            sent[i] = Send(_sends[i]);
        }

        return true;
    }

    private int Send((int Socket, nint Bytes, int Length) send)
    {
        if (BytesAccepted == 0)
            return -Libc.Again;
        var bytes = new byte[Math.Min(BytesAccepted ?? send.Length, send.Length)];
        Marshal.Copy(send.Bytes, bytes, 0, bytes.Length);
        var count = Libc.Send(send.Socket, bytes);
        return count < 0 ? -Libc.LastError : (int)count;
    }
}
