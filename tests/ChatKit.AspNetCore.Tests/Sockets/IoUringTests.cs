using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using ChatKit.AspNetCore.Sockets;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>The ring of the kernel. Where the kernel, or the container, doesn't allow one, the tests show that this is the reason.</summary>
public sealed class IoUringTests : IDisposable
{
    private const int BrokenPipe = 32;

    private readonly List<Socket> _sockets = [];
    private readonly List<GCHandle> _pinned = [];

    public void Dispose()
    {
        _sockets.ForEach(static socket => socket.Dispose());
        _pinned.ForEach(static handle => handle.Free());
    }

    [Fact]
    public void Everything_is_sent_in_order_for_more_sends_than_the_ring_has_results()
    {
        using var ring = TryCreate();
        if (ring is null)
            return;
        var (server, client) = Connect();
        var sent = new int[ISendRing.Capacity];
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < sent.Length; i++)
                Add(ring, i, server, Encoding.ASCII.GetBytes($"{round}:{i};"));
            Assert.True(ring.Submit(sent));
            var expected = string.Concat(Enumerable.Range(0, sent.Length).Select(i => $"{round}:{i};"));
            Assert.Equal(expected.Length, sent.Sum());

            Assert.Equal(expected, Receive(client, expected.Length));
        }
    }

    [Fact]
    public void Each_send_has_its_own_result()
    {
        using var ring = TryCreate();
        if (ring is null)
            return;
        var (good, client) = Connect();
        var (ended, _) = Connect();
        ended.Shutdown(SocketShutdown.Send);
        var (full, slow) = Connect();
        full.Blocking = false;
        while (full.Send(new byte[100_000], SocketFlags.None, out var error) > 0 || error == SocketError.Success)
        {
        }

        Add(ring, 0, ended, "abc"u8.ToArray());
        Add(ring, 1, good, "abcd"u8.ToArray());
        Add(ring, 2, full, "abc"u8.ToArray());
        Add(ring, 3, good, "e"u8.ToArray());
        var sent = new int[4];
        Assert.True(ring.Submit(sent));

        Assert.Equal([-BrokenPipe, 4, -Libc.Again, 1], sent);
        Assert.Equal("abcde", Receive(client, 5));
        Assert.True(slow.Available > 0);
    }

    private static IoUring? TryCreate()
    {
        EpollServer.RequireLinux();
        return TestRing.TryCreateIoUring();
    }

    private static string Receive(Socket socket, int length)
    {
        socket.ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds;
        var bytes = new byte[length];
        for (var count = 0; count < length;)
            count += socket.Receive(bytes.AsSpan(count));
        return Encoding.ASCII.GetString(bytes);
    }

    private void Add(IoUring ring, int index, Socket socket, byte[] bytes)
    {
        var pinned = GCHandle.Alloc(bytes, GCHandleType.Pinned);
        _pinned.Add(pinned);
        ring.Add(index, (int)socket.SafeHandle.DangerousGetHandle(), pinned.AddrOfPinnedObject(), bytes.Length);
    }

    private (Socket Server, Socket Client) Connect()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        var server = listener.Accept();
        _sockets.AddRange([client, server]);
        return (server, client);
    }
}
