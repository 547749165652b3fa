using System.Buffers;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;
using ChatKit.AspNetCore.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>What one thread writes to many connections is sent together, and arrives as if it had been sent one by one.</summary>
public sealed class BatchTests : IDisposable
{
    private const int BatchesFailed = 352;

    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<ConnectionContext> _accepted = Channel.CreateUnbounded<ConnectionContext>();
    private readonly ConcurrentBag<TestRing> _rings = [];
    private readonly SendBatches _batches;
    private int _sendsUntilFailure = int.MaxValue;
    private int? _bytesAccepted;
    private int _limit = int.MaxValue;

    public BatchTests() => _batches = new SendBatches(NullLogger<SendBatches>.Instance) { CreateRing = CreateRing };

    public void Dispose() => _batches.Dispose();

    [Fact]
    public async Task What_is_written_is_sent_when_the_batch_ends()
    {
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, 3);

        using (_batches.Begin())
        {
            Write(members[0], "a");
            Write(members[1], "b");
            Write(members[2], "b");
            Assert.All(members, static member => Assert.Equal(0, member.Client.Socket.Available));
        }

        await ExpectAsync(members, "a", "b", "b");
        Assert.Equal([3], Assert.Single(_rings).Counts);
    }

    [Fact]
    public async Task More_writes_than_fit_are_sent_in_several_batches()
    {
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, ISendRing.Capacity + 10);

        using (_batches.Begin())
        {
            for (var i = 0; i < members.Length; i++)
                Write(members[i], $"{i}");
        }

        await ExpectAsync(members, [.. members.Select(static (_, i) => $"{i}")]);
        Assert.Equal([ISendRing.Capacity, 10], Assert.Single(_rings).Counts);
    }

    /// <summary>Together they need more space than a batch has.</summary>
    [Fact]
    public async Task Large_writes_that_differ_are_sent_too()
    {
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, 20);
        string[] texts = [.. Enumerable.Range(0, members.Length).Select(static i => new string((char)('a' + i), 7_000 + i))];

        using (_batches.Begin())
        {
            for (var i = 0; i < members.Length; i++)
                Write(members[i], texts[i]);
        }

        await ExpectAsync(members, texts);
        Assert.Equal(members.Length, Assert.Single(_rings).Counts.Sum());
        Assert.True(_rings.Single().Counts.Count > 1);
    }

    [Fact]
    public async Task A_buffer_may_change_when_its_write_has_completed()
    {
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, 2);
        var buffer = "a"u8.ToArray();

        using (_batches.Begin())
        {
            Write(members[0], buffer);
            buffer[0] = (byte)'b';
            Write(members[1], buffer);
            buffer[0] = (byte)'c';
        }

        await ExpectAsync(members, "a", "b");
    }

    [Fact]
    public async Task Several_writes_to_a_connection_arrive_in_order()
    {
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, 2);

        using (_batches.Begin())
        {
            foreach (var text in (ReadOnlySpan<string>)["a", "b", new string('c', 100_000), "d"])
            {
                Write(members[0], text);
                Write(members[1], "x");
            }
        }

        await ExpectAsync(members, $"ab{new string('c', 100_000)}d", "xxxx");
    }

    [Fact]
    public async Task What_another_thread_writes_meanwhile_arrives_behind_it()
    {
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, 2);
        using var batch = new HeldBatch(_batches, () => WriteAll(members, "a"));
        await batch.Begun.Soon();

        var writing = members[0].Connection.Transport.Output.WriteAsync("b"u8.ToArray()).AsTask();
        members[1].Connection.Transport.Output.Write("b"u8);
        var flushing = members[1].Connection.Transport.Output.FlushAsync().AsTask();
        Assert.False(writing.IsCompleted || flushing.IsCompleted);
        await batch.EndAsync();

        await Task.WhenAll(writing, flushing).Soon();
        await ExpectAsync(members, "ab", "ab");
    }

    [Fact]
    public async Task What_another_thread_writes_meanwhile_is_sent_even_if_it_stops_waiting()
    {
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, 1);
        using var batch = new HeldBatch(_batches, () => WriteAll(members, "a"));
        await batch.Begun.Soon();

        using var cancel = new CancellationTokenSource();
        var writing = members[0].Connection.Transport.Output.WriteAsync("b"u8.ToArray(), cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.Soon());
        await batch.EndAsync();
        await members[0].Connection.Transport.Output.WriteAsync("c"u8.ToArray());

        await ExpectAsync(members, "abc");
    }

    /// <summary>One client doesn't read, so that its batches are sent in part, and then not at all.</summary>
    [Fact]
    public async Task What_the_network_does_not_accept_arrives_later_and_the_others_do_not_wait()
    {
        const int Part = 8 * 1024;
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, 2);
        var (slow, fast) = (members[0], members[1]);
        Task flushing = Task.CompletedTask;
        var sent = 0;
        while (flushing.IsCompleted)
        {
            Assert.True(sent < LargeBody.MoreThanBuffers);
            using (_batches.Begin())
            {
                flushing = slow.Connection.Transport.Output.WriteAsync(LargeBody.Bytes.AsMemory(sent, Part)).AsTask();
                Write(fast, "x");
            }

            sent += Part;
            Assert.Equal("x", await fast.ReceiveAsync(1));
        }

        var received = new byte[sent];
        for (var count = 0; count < sent;)
            count += await slow.Client.Socket.ReceiveAsync(received.AsMemory(count)).AsTask().Soon();
        await flushing.Soon();
        Assert.All(_rings.Single().Counts.SkipLast(1), static count => Assert.Equal(2, count));
        Assert.Equal(sent, received.AsSpan().CommonPrefixLength(LargeBody.Bytes));
        using (_batches.Begin())
            Write(slow, "end");
        Assert.Equal("end", await slow.ReceiveAsync(3));
    }

    /// <summary>
    /// The network accepts a part of a batch, or nothing, although there is space for what comes behind it. Its writer waits for that, or no
    /// longer.
    /// </summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(4, false)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(4, true)]
    public async Task The_rest_of_a_batch_is_sent_before_what_another_thread_has_written_meanwhile(int accepted, bool cancel)
    {
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, 3);
        _bytesAccepted = accepted;
        using var batch = new HeldBatch(_batches, () => WriteAll(members, "first"));
        await batch.Begun.Soon();

        using var canceled = new CancellationTokenSource();
        var writing = members.Select(member => member.Connection.Transport.Output.WriteAsync("second"u8.ToArray(), canceled.Token).AsTask()).ToArray();
        Assert.All(writing, static one => Assert.False(one.IsCompleted));
        if (cancel)
        {
            await canceled.CancelAsync();
            foreach (var one in writing)
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one.Soon());
        }

        await batch.EndAsync();
        if (!cancel)
            await Task.WhenAll(writing).Soon();
        foreach (var member in members)
            await member.Connection.Transport.Output.WriteAsync("third"u8.ToArray());

        await ExpectAsync(members, "firstsecondthird", "firstsecondthird", "firstsecondthird");
    }

    [Fact]
    public async Task A_connection_that_is_aborted_before_its_batch_ends_and_the_others_receive_theirs()
    {
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, 3);

        using (_batches.Begin())
        {
            WriteAll(members, "a");
            members[1].Connection.Abort();
        }

        await ExpectAsync([members[0], members[2]], "a", "a");
        Assert.True((await members[1].Client.ReadToEndAsync()).WasReset);
    }

    [Fact]
    public async Task Within_a_batch_there_is_no_other_and_afterwards_its_ring_is_used_again()
    {
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, 2);

        for (var i = 0; i < 2; i++)
        {
            using (_batches.Begin())
            {
                Assert.Null(_batches.Begin());
                WriteAll(members, "a");
            }
        }

        await ExpectAsync(members, "aa", "aa");
        Assert.Equal([2, 2], Assert.Single(_rings).Counts);
    }

    [Fact]
    public async Task A_batch_that_ends_after_the_host_still_sends_and_frees_its_ring()
    {
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, 2);
        using var batch = new HeldBatch(_batches, () => WriteAll(members, "a"));
        await batch.Begun.Soon();

        _batches.Dispose();
        Assert.False(Assert.Single(_rings).IsDisposed);
        await batch.EndAsync();

        await ExpectAsync(members, "a", "a");
        Assert.True(Assert.Single(_rings).IsDisposed);
        Assert.Null(_batches.Begin());
    }

    /// <summary>For example, because the process has reached its limit of open files.</summary>
    [Fact]
    public async Task Where_there_is_no_ring_for_one_more_thread_later_ones_have_batches()
    {
        using var first = new HeldBatch(_batches, static () => { });
        await first.Begun.Soon();
        _limit = 1;

        Assert.Null(_batches.Begin());
        await first.EndAsync();

        using var later = _batches.Begin();
        Assert.NotNull(later);
    }

    /// <summary>A socket that is closed gives its descriptor to one that is accepted later.</summary>
    [Fact]
    public async Task A_connection_that_ends_before_its_batch_keeps_its_socket()
    {
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, 2);
        using var batch = new HeldBatch(_batches, () => WriteAll(members, "last"));
        await batch.Begun.Soon();

        _end.SetResult();
        var later = await ConnectAsync(server, 20);
        await batch.EndAsync();

        foreach (var (_, client) in members)
        {
            var (bytes, wasReset) = await client.ReadToEndAsync();
            Assert.Equal(("last", false), (Encoding.UTF8.GetString(bytes), wasReset));
        }

        foreach (var (_, client) in later)
            Assert.Empty((await client.ReadToEndAsync()).Bytes);
    }

    [Fact]
    public async Task A_client_that_has_gone_is_noticed_and_the_others_receive_theirs()
    {
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, 3);
        var reading = members[1].Connection.Transport.Input.ReadAsync().AsTask();
        members[1].Client.Reset();
        await Assert.ThrowsAnyAsync<IOException>(() => reading.Soon());

        using (_batches.Begin())
            WriteAll(members, "a");

        await ExpectAsync([members[0], members[2]], "a", "a");
        Assert.True((await members[1].Connection.Transport.Output.WriteAsync("b"u8.ToArray())).IsCompleted);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Where_a_batch_fails_everything_is_sent_once_and_from_then_on_one_by_one(int sends)
    {
        await using var server = await RunAsync();
        var members = await ConnectAsync(server, 3);
        _sendsUntilFailure = sends;

        using (_batches.Begin())
        {
            WriteAll(members, "a");
            WriteAll(members, "b");
        }

        Assert.Null(_batches.Begin());
        WriteAll(members, "c");
        await ExpectAsync(members, "abc", "abc", "abc");
        Assert.True(Assert.Single(_rings).IsDisposed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_room_sends_a_message_to_its_members_in_one_batch(bool tls)
    {
        using var certificate = tls ? SelfSigned.Create() : null;
        await using var server = await ChatAsync(_batches, certificate: certificate);
        await TalkAsync(server, members: 3, certificate);

        Assert.Contains(3, _rings.SelectMany(static ring => ring.Counts));
    }

    /// <summary>Once its connections bypass the pipe, which they do when they are busy.</summary>
    [Fact]
    public async Task A_room_sends_a_message_to_its_members_in_one_batch_over_the_transport_of_Kestrel_too()
    {
        EpollServer.RequireLinux();
        await using var server = await ChatServer.StartAsync(
            static app => app.MapWebSocketHandler<ChatRoom>("/chat/{room}"), builder => builder.Services.AddSingleton<IWriteBatching>(_batches));
        await TalkAsync(server, members: 3, messages: 50);

        Assert.Contains(3, _rings.SelectMany(static ring => ring.Counts));
    }

    [Fact]
    public async Task Without_batches_a_room_sends_one_by_one_and_the_log_says_why()
    {
        await using var server = await ChatAsync(null, static () => throw new IOException("Not allowed."));
        await TalkAsync(server, members: 3);

        var entry = Assert.Single(server.Logs.Entries, static entry => entry.Id == BatchesFailed);
        Assert.Equal(LogLevel.Debug, entry.Level);
        Assert.EndsWith("Not allowed.", entry.Message, StringComparison.Ordinal);
    }

    private static void Write(Member member, string text) => Write(member, Encoding.UTF8.GetBytes(text));

    private static void Write(Member member, byte[] bytes) =>
        Assert.True(member.Connection.Transport.Output.WriteAsync(bytes).AsTask().IsCompletedSuccessfully);

    private static void WriteAll(Member[] members, string text) => Array.ForEach(members, member => Write(member, text));

    private static async Task ExpectAsync(Member[] members, params string[] texts)
    {
        for (var i = 0; i < members.Length; i++)
            Assert.Equal(texts[i], await members[i].ReceiveAsync(texts[i].Length));
    }

    private static Task<ChatServer> ChatAsync(
        SendBatches? batches, Func<ISendRing>? create = null, X509Certificate2? certificate = null) => EpollServer.StartAsync(
        static app => app.MapWebSocketHandler<ChatRoom>("/chat/{room}"),
        listen =>
        {
            if (certificate is not null)
                listen.UseHttps(certificate);
        },
        builder => builder.Services.AddSingleton<IWriteBatching>(
            services => batches ?? new SendBatches(services.GetRequiredService<ILogger<SendBatches>>()) { CreateRing = create! }));

    /// <summary>Each client joins, and sends a message that all receive; then others.</summary>
    private static async Task TalkAsync(ChatServer server, int members, X509Certificate2? certificate = null, int messages = 1)
    {
        var settings = new ClientSettings { Options = options => options.RemoteCertificateValidationCallback = certificate.Trusted() };
        List<ChatClient> clients = [];
        for (var i = 0; i < members; i++)
        {
            clients.Add(await server.ConnectAsync("/chat/lobby", settings));
            await clients[i].SendAsync($"{i}");
            Assert.Equal(Enumerable.Range(0, i + 1).Select(static j => $"{j}"), await clients[i].ReceiveAsync(i + 1));
            foreach (var other in clients[..i])
                Assert.Equal($"{i}", await other.ReceiveAsync());
        }

        for (var i = 0; i < messages; i++)
        {
            foreach (var sender in clients)
            {
                await sender.SendAsync($"{i} to all");
                foreach (var client in clients)
                    Assert.Equal($"{i} to all", await client.ReceiveAsync());
            }
        }

        foreach (var client in clients)
            await client.DisposeAsync();
    }

    private TestRing CreateRing()
    {
        if (_rings.Count >= _limit)
            throw new IOException("Too many open files.");
        var ring = new TestRing { SendsUntilFailure = _sendsUntilFailure, BytesAccepted = _bytesAccepted };
        _rings.Add(ring);
        return ring;
    }

    /// <summary>Starts a server that does nothing with its connections.</summary>
    private Task<ChatServer> RunAsync() => EpollServer.RunAsync(async connection =>
    {
        await _accepted.Writer.WriteAsync(connection);
        var stopping = connection.Features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().ConnectionClosedRequested;
        await using var registration = stopping.Register(() => _end.TrySetResult());
        await _end.Task;
    });

    private async Task<Member[]> ConnectAsync(ChatServer server, int count)
    {
        var members = new Member[count];
        for (var i = 0; i < count; i++)
        {
            var client = await server.ConnectRawAsync();
            members[i] = new Member(await _accepted.Reader.ReadAsync().AsTask().Soon(), client);
        }

        return members;
    }

    private sealed record Member(ConnectionContext Connection, RawClient Client)
    {
        public async Task<string> ReceiveAsync(int length)
        {
            var bytes = new byte[length];
            for (var count = 0; count < length;)
            {
                var received = await Client.Socket.ReceiveAsync(bytes.AsMemory(count)).AsTask().Soon();
                Assert.True(received > 0, "the connection goes on");
                count += received;
            }

            return Encoding.UTF8.GetString(bytes);
        }
    }

    /// <summary>A batch of another thread, which goes on until the test ends it.</summary>
    private sealed class HeldBatch : IDisposable
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _end = new();
        private readonly Task _running;

        public HeldBatch(SendBatches batches, Action write) => _running = Task.Factory.StartNew(
            () =>
            {
                using var batch = batches.Begin();
                write();
                _begun.SetResult();
                _end.Wait();
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

        public Task Begun => Task.WhenAny(_begun.Task, _running).Unwrap();

        public Task EndAsync()
        {
            _end.Set();
            return _running.Soon();
        }

        public void Dispose()
        {
            _end.Set();
            _running.Wait();
            _end.Dispose();
        }
    }
}
