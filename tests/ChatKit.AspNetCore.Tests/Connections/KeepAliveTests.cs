using System.Text;

namespace ChatKit.AspNetCore.Tests.Connections;

public class KeepAliveTests
{
    [Fact]
    public async Task A_client_that_answers_no_ping_is_disconnected()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(
            script, static options => options.PingInterval = options.PingTimeout = TimeSpan.FromMilliseconds(50));
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");

        var close = await script.Closed;

        Assert.Equal(1006, (int)close.Code);
        Assert.IsType<TimeoutException>(close.Exception);
        Assert.Equal(["open", "close"], script.Calls);
    }

    [Fact]
    public async Task A_client_that_only_answers_pings_stays_connected()
    {
        await using var server = await ChatServer.StartAsync(new Script(), static options =>
        {
            options.PingInterval = TimeSpan.FromMilliseconds(50);
            options.PingTimeout = TimeSpan.FromSeconds(1);
        });
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");

        for (var i = 0; i < 4; i++)
        {
            var (opcode, payload) = await client.ReceiveFrameAsync();
            Assert.Equal(ClientFrame.Ping, opcode);
            await client.SendAsync(ClientFrame.Of(ClientFrame.Pong, payload));
        }

        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "still here"));
        Assert.Equal("still here", await client.ReceiveTextAsync());
    }

    [Fact]
    public async Task Pings_are_answered_while_the_handler_waits()
    {
        var release = new TaskCompletionSource();
        await using var server = await ChatServer.StartAsync(new Script { Message = async (_, _) => await release.Task });
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");
        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "wait"));
        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "and then"));

        await ExpectPongAsync(client);

        release.SetResult();
    }

    [Fact]
    public async Task Pings_are_answered_while_OnOpenAsync_waits()
    {
        var release = new TaskCompletionSource();
        await using var server = await ChatServer.StartAsync(new Script { Open = async _ => await release.Task });
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");

        await ExpectPongAsync(client);

        release.SetResult();
    }

    [Fact]
    public async Task Pings_are_answered_while_the_handler_blocks_its_thread()
    {
        using var handler = new BlockingHandler();
        await using var server = await ChatServer.StartAsync(handler.Script);
        using var client = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");
        await handler.BlockAsync(client);

        await ExpectPongAsync(client);

        handler.Release();
        Assert.Equal("block", await client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_client_whose_handler_blocks_its_thread_is_not_taken_for_dead()
    {
        using var handler = new BlockingHandler();
        await using var server = await ChatServer.StartAsync(
            handler.Script, static options => options.PingInterval = options.PingTimeout = TimeSpan.FromMilliseconds(200));
        await using var client = await server.ConnectAsync("/chat/lobby");
        var answer = client.ReceiveAsync(3);
        await client.SendAsync("first");
        await handler.BlockAsync(client);
        await client.SendAsync("and then");

        // By the time the server notices this client, it would have noticed the other one too.
        using var gone = await server.ConnectRawAsync();
        await gone.OpenAsync("/chat/lobby");
        Assert.IsType<TimeoutException>((await handler.Script.Closed).Exception);
        handler.Release();

        Assert.Equal(["first", "block", "and then"], await answer);
    }

    private static async Task ExpectPongAsync(RawClient client)
    {
        await client.SendAsync(ClientFrame.Of(ClientFrame.Ping, "there?"));
        var (opcode, payload) = await client.ReceiveFrameAsync();
        Assert.Equal((ClientFrame.Pong, "there?"), (opcode, Encoding.UTF8.GetString(payload)));
    }

    /// <summary>Echoes. The text "block" makes it block its thread until it is released.</summary>
    private sealed class BlockingHandler : IDisposable
    {
        private readonly ManualResetEventSlim _release = new();
        private readonly TaskCompletionSource _blocked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public BlockingHandler() => Script = new Script { Message = Echo };

        public Script Script { get; }

        public async Task BlockAsync(RawClient client)
        {
            await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "block"));
            await _blocked.Task.Soon();
        }

        public async Task BlockAsync(ChatClient client)
        {
            await client.SendAsync("block");
            await _blocked.Task.Soon();
        }

        public void Release() => _release.Set();

        public void Dispose() => _release.Set();

        private ValueTask Echo(WebSocketConnection connection, WebSocketMessage message)
        {
            if (message.Text == "block")
            {
                _blocked.TrySetResult();
                _release.Wait(Patience.Limit);
            }

            return connection.SendAsync(message.Text);
        }
    }
}
