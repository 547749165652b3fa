using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>One thread serves many connections, so nothing that one of them does may keep it from the others.</summary>
public class LoopTests
{
    /// <summary>The transport has one thread for each four processors at most, so one of these has the thread of the one that misbehaves.</summary>
    private static readonly int Others = (Environment.ProcessorCount / 4) + 1;

    public enum Callback
    {
        Open,
        Message,
        Close,
        CloseByClient,
        Aborted,
    }

    public enum Flood
    {
        Messages,
        Fragments,
        LargeMessages,
        Pings,
        CompressedMessages,
        CompressedZeros,
    }

    /// <summary>Whether the connection leaves the HTTP layer, and whether it has compression.</summary>
    public static MatrixTheoryData<Callback, bool, bool> Blocking => new(Enum.GetValues<Callback>(), [false, true], [false, true]);

    public static MatrixTheoryData<Flood, bool> Floods => new(Enum.GetValues<Flood>(), [false, true]);

    [Theory]
    [MemberData(nameof(Blocking))]
    public async Task A_handler_that_blocks_does_not_keep_others_from_being_served(Callback callback, bool detached, bool compression)
    {
        using var gate = new Gate(callback);
        await using var server = await StartAsync(gate, detached);
        using var blocked = await OpenAsync(server, "blocked", compression);
        try
        {
            await BlockAsync(blocked, gate, callback);
            await ExpectOthersServedAsync(server, compression);
            Assert.False(gate.IsOpen);
        }
        finally
        {
            // Even if the test fails, so that the server can stop.
            gate.Open();
        }
    }

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task A_client_that_sends_without_end_does_not_keep_others_from_being_served(Flood flood, bool detached)
    {
        using var gate = new Gate(null);
        await using var server = await StartAsync(gate, detached);
        using var flooding = await OpenAsync(server, "flood", flood is Flood.CompressedMessages or Flood.CompressedZeros);
        using var stop = new CancellationTokenSource();
        var written = new Counter();
        var sending = FloodAsync(flooding, FramesOf(flood), written, stop.Token);
        var reading = flooding.DrainAsync();
        await Patience.UntilAsync(() => written.Value > 10, "the flood has begun");

        await ExpectOthersServedAsync(server, compression: false);

        // It wasn't the end of the flood that let the others be served.
        var before = written.Value;
        await Patience.UntilAsync(() => written.Value > before, "the flood goes on");
        await stop.CancelAsync();
        await sending;
        flooding.Reset();
        _ = await Record.ExceptionAsync(() => reading);
    }

    /// <summary>Lets the handler of a connection block.</summary>
    private static async Task BlockAsync(RawClient client, Gate gate, Callback callback)
    {
        if (callback == Callback.Message)
            await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "block"));
        if (callback is Callback.Close or Callback.Aborted)
        {
            await (await gate.Opened.Task.Soon()).CloseAsync(WebSocketCloseStatus.NormalClosure);
            Assert.Equal(1000, await client.ReceiveCloseAsync());
        }

        if (callback is Callback.Close or Callback.CloseByClient or Callback.Aborted)
            await client.SendAsync(ClientFrame.CloseWith(1000));
        await gate.Blocks.Task.Soon();
    }

    private static async Task ExpectOthersServedAsync(ChatServer server, bool compression)
    {
        var others = new RawClient[Others];
        for (var i = 0; i < Others; i++)
            others[i] = await OpenAsync(server, "others", compression);
        for (var i = 0; i < 20; i++)
        {
            foreach (var client in others)
            {
                await client.SendAsync(ClientFrame.Of(ClientFrame.Ping, [(byte)i]));
                var (opcode, payload) = await client.ReceiveFrameAsync();
                Assert.Equal((ClientFrame.Pong, (byte)i), (opcode, Assert.Single(payload)));
                await client.SendAsync(ClientFrame.Of(ClientFrame.Text, $"{i}"));
                Assert.Equal($"{i}", await client.ReceiveTextAsync());
            }
        }

        foreach (var client in others)
        {
            await client.SendAsync(ClientFrame.CloseWith(1000));
            Assert.Equal(1000, await client.ReceiveCloseAsync());
            client.Dispose();
        }
    }

    private static async Task FloodAsync(RawClient client, byte[] frames, Counter written, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await client.SendAsync(frames);
            written.Increment();
        }
    }

    /// <summary>Many frames for one write.</summary>
    private static byte[] FramesOf(Flood flood)
    {
        byte[][] message = flood switch
        {
            Flood.Messages => [ClientFrame.Of(ClientFrame.Text, "x")],
            Flood.Fragments => [ClientFrame.Of(ClientFrame.Text, "x", final: false), ClientFrame.Of(ClientFrame.Continuation, "x")],
            Flood.LargeMessages => [ClientFrame.Of(ClientFrame.Binary, new byte[60_000])],
            Flood.Pings => [ClientFrame.Of(ClientFrame.Ping, "x")],
            Flood.CompressedMessages => [ClientFrame.Of(ClientFrame.Compressed | ClientFrame.Text, ClientDeflate.Compress("x"u8))],
            _ => [ClientFrame.Of(ClientFrame.Compressed | ClientFrame.Binary, ClientDeflate.CompressZeros(60_000))],
        };
        var once = message.SelectMany(static frame => frame).ToArray();
        return [.. Enumerable.Repeat(once, 1 + (64 * 1024 / once.Length)).SelectMany(static bytes => bytes)];
    }

    private static Task<ChatServer> StartAsync(Gate gate, bool detached) => EpollServer.StartAsync(
        static app => app.MapWebSocketHandler<Handler>("/{room}", static options => options.EnableCompression = true),
        EpollServer.Detach(detached),
        builder => builder.Services.AddSingleton(gate));

    private static async Task<RawClient> OpenAsync(ChatServer server, string room, bool compression)
    {
        var client = await server.ConnectRawAsync();
        await client.OpenAsync($"/{room}", early: null, compression ? ["Sec-WebSocket-Extensions: permessage-deflate"] : []);
        return client;
    }

    /// <summary>What a handler waits for, on its thread, in one of its callbacks.</summary>
    private sealed class Gate(Callback? callback) : IDisposable
    {
        private readonly ManualResetEventSlim _open = new();

        public TaskCompletionSource<WebSocketConnection> Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Blocks { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsOpen => _open.IsSet;

        public void Open() => _open.Set();

        public void Pass(string room, Callback from)
        {
            if (room != "blocked" || from != callback)
                return;
            Blocks.TrySetResult();
            _open.Wait(CancellationToken.None);
        }

        public void Dispose() => _open.Dispose();
    }

    private sealed class Handler(Gate gate) : WebSocketHandler
    {
        protected override ValueTask OnOpenAsync()
        {
            var room = Room;
            Connection.Aborted.Register(() => gate.Pass(room, Callback.Aborted));
            if (room == "blocked")
                gate.Opened.TrySetResult(Connection);
            gate.Pass(room, Callback.Open);
            return ValueTask.CompletedTask;
        }

        protected override ValueTask OnMessageAsync(WebSocketMessage message)
        {
            gate.Pass(Room, Callback.Message);
            return Room == "others" ? SendAsync(message.Text) : ValueTask.CompletedTask;
        }

        protected override ValueTask OnCloseAsync(CloseInfo close)
        {
            gate.Pass(Room, Callback.Close);
            gate.Pass(Room, Callback.CloseByClient);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Counter
    {
        private long _value;

        public long Value => Interlocked.Read(ref _value);

        public void Increment() => Interlocked.Increment(ref _value);
    }
}
