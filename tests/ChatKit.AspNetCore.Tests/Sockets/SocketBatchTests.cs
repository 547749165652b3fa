using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ChatKit.AspNetCore.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>Batches send to sockets of .NET too, which others may close at any time.</summary>
public sealed class SocketBatchTests : IDisposable
{
    private const int BadDescriptor = -9;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TestRing> _rings = [];
    private readonly List<Peer> _peers = [];
    private readonly SendBatches _batches;

    public SocketBatchTests()
    {
        EpollServer.RequireLinux();
        _listener.Start();
        _batches = new SendBatches(NullLogger<SendBatches>.Instance)
        {
            CreateRing = () =>
            {
                var ring = new TestRing();
                _rings.Add(ring);
                return ring;
            },
        };
    }

    public void Dispose()
    {
        _batches.Dispose();
        _peers.ForEach(static peer => peer.Dispose());
        _listener.Dispose();
    }

    [Fact]
    public void What_is_added_is_sent_when_the_batch_ends_and_the_writers_are_notified()
    {
        Peer[] peers = [Connect(), Connect()];

        using (_batches.Begin())
        {
            Assert.All(peers, peer => Assert.True(Add(peer, "a")));
            Assert.All(peers, static peer => Assert.Equal((0, 0), (peer.Client.Available, peer.Results.Count)));
        }

        Assert.All(peers, static peer => Assert.Equal("a", peer.Receive()));
        Assert.All(peers, static peer => Assert.Equal([(1, "a")], peer.Results));
        Assert.Equal([2], Assert.Single(_rings).Counts);
    }

    [Fact]
    public void Without_a_batch_of_this_thread_nothing_is_added()
    {
        var peer = Connect();
        using (_batches.Begin())
        {
            var added = Task.Factory.StartNew(() => Add(peer, "a"), TaskCreationOptions.LongRunning);
#pragma warning disable xUnit1031 // A batch belongs to its thread.
            Assert.False(added.GetAwaiter().GetResult());
#pragma warning restore xUnit1031
        }

        Assert.False(Add(peer, "a"));
        Assert.Empty(peer.Results);
    }

    /// <summary>The system gives the descriptor of a closed socket to the next one.</summary>
    [Fact]
    public void A_socket_that_is_closed_before_its_batch_ends_is_not_sent_to_and_neither_is_the_one_that_has_its_descriptor()
    {
        Peer[] peers = [Connect(), Connect(), Connect()];
        List<Peer> later = [];

        using (_batches.Begin())
        {
            Assert.All(peers, peer => Assert.True(Add(peer, "a")));
            peers[1].Server.Dispose();
            for (var i = 0; i < 10; i++)
                later.Add(Connect());
        }

        Assert.Equal([(BadDescriptor, "a")], peers[1].Results);
        Assert.Equal("a", peers[0].Receive());
        Assert.Equal("a", peers[2].Receive());
        Assert.All(later, static peer => Assert.Equal(0, peer.Client.Available));
    }

    [Fact]
    public void Of_a_socket_that_the_client_has_reset_the_writer_learns_it()
    {
        Peer[] peers = [Connect(), Connect()];
        peers[0].Client.Close(0);
        Assert.True(peers[0].Server.Poll(Patience.Limit, SelectMode.SelectRead));

        using (_batches.Begin())
            Assert.All(peers, peer => Assert.True(Add(peer, "a")));

        Assert.True(Assert.Single(peers[0].Results).Count < 0);
        Assert.Equal("a", peers[1].Receive());
    }

    [Fact]
    public void A_writer_that_is_notified_can_close_sockets_of_the_batch_and_send_to_others_at_once()
    {
        Peer[] peers = [Connect(), Connect(), Connect()];
        peers[0].Notified = () =>
        {
            peers[1].Server.Dispose();
            Assert.Null(_batches.Begin());
            Assert.False(Add(peers[2], "b"));
            peers[2].Server.Send("b"u8);
        };

        using (_batches.Begin())
            Assert.All(peers, peer => Assert.True(Add(peer, "a")));

        Assert.Equal("a", peers[1].Receive());
        Assert.Equal("ab", peers[2].Receive(2));
        Assert.All(peers, static peer => Assert.Equal([(1, "a")], peer.Results));
    }

    private Peer Connect()
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        client.Connect(_listener.LocalEndpoint);
        var peer = new Peer(client, _listener.AcceptSocket());
        _peers.Add(peer);
        return peer;
    }

    private bool Add(Peer peer, string text) => _batches.TryAdd(peer.Server, Encoding.UTF8.GetBytes(text), peer);

    private sealed class Peer(Socket client, Socket server) : IBatchedWriter, IDisposable
    {
        public Socket Client => client;

        public Socket Server => server;

        public List<(int Count, string Text)> Results { get; } = [];

        public Action? Notified { get; set; }

        public void OnSent(int count, ReadOnlySpan<byte> bytes)
        {
            Results.Add((count, Encoding.UTF8.GetString(bytes)));
            Notified?.Invoke();
        }

        public string Receive(int length = 1)
        {
            client.ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds;
            var bytes = new byte[length];
            for (var count = 0; count < length;)
            {
                var received = client.Receive(bytes, count, length - count, SocketFlags.None);
                Assert.True(received > 0, "the connection goes on");
                count += received;
            }

            return Encoding.UTF8.GetString(bytes);
        }

        public void Dispose()
        {
            client.Dispose();
            server.Dispose();
        }
    }
}
