using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>The code of the application runs on threads of the pool only, where it may block.</summary>
public class ThreadTests
{
    private readonly Calls _calls = new();

    public enum Departure
    {
        CloseFrame,
        Finish,
        Reset,
        Fault,
        ServerStops,
    }

    /// <summary>How the connection ends, whether it leaves the HTTP layer, and whether it has compression.</summary>
    public static MatrixTheoryData<Departure, bool, bool> Cases => new(Enum.GetValues<Departure>(), [false, true], [false, true]);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Every_callback_runs_on_a_thread_of_the_pool(Departure end, bool detached, bool compression)
    {
        await using var server = await EpollServer.StartAsync(
            static app => app.MapWebSocketHandler<Handler>("/", static options => options.EnableCompression = true),
            EpollServer.Detach(detached),
            builder => builder.Services.AddSingleton(_calls));
        using var client = await server.ConnectRawAsync();

        // One message comes with the handshake, and the others alone, so that they are read in different ways.
        await client.OpenAsync(
            "/",
            ClientFrame.Of(ClientFrame.Text, "early"),
            compression ? ["Sec-WebSocket-Extensions: permessage-deflate"] : []);
        Assert.Equal("early", await client.ReceiveTextAsync());
        for (var i = 0; i < 20; i++)
        {
            await client.SendAsync(ClientFrame.Of(ClientFrame.Text, $"{i}"));
            Assert.Equal($"{i}", await client.ReceiveTextAsync());
        }

        await EndAsync(server, client, end);

        await Patience.UntilAsync(() => _calls.Has("close") && _calls.Has("aborted"), "the connection has ended");
        Assert.Equal(["aborted", "close", "message", "open"], _calls.All.Select(static call => call.Name).Distinct().Order());
        Assert.DoesNotContain(_calls.All, static call => !call.IsOnPool);
    }

    private static async Task EndAsync(ChatServer server, RawClient client, Departure end)
    {
        switch (end)
        {
            case Departure.CloseFrame:
                await client.SendAsync(ClientFrame.CloseWith(1000));
                break;
            case Departure.Finish:
                client.Socket.Shutdown(SocketShutdown.Send);
                break;
            case Departure.Reset:
                client.Reset();
                break;
            case Departure.Fault:
                await client.SendAsync(ClientFrame.Of(ClientFrame.Continuation, "of nothing"));
                Assert.Equal(1002, await client.ReceiveCloseAsync());
                await client.FinishAsync();
                break;
            default:
                var stopping = server.StopAsync();
                Assert.Equal(1012, await client.ReceiveCloseAsync());
                await client.SendAsync(ClientFrame.CloseWith(1012));
                await stopping.Soon();
                break;
        }
    }

    private sealed class Calls
    {
        public ConcurrentQueue<(string Name, bool IsOnPool)> All { get; } = new();

        public bool Has(string name) => All.Any(call => call.Name == name);

        public void Add(string name) => All.Enqueue((name, Thread.CurrentThread.IsThreadPoolThread));
    }

    private sealed class Handler(Calls calls) : WebSocketHandler
    {
        protected override ValueTask OnOpenAsync()
        {
            calls.Add("open");
            Connection.Aborted.Register(() => calls.Add("aborted"));
            return ValueTask.CompletedTask;
        }

        protected override ValueTask OnMessageAsync(WebSocketMessage message)
        {
            calls.Add("message");
            return SendAsync(message.Text);
        }

        protected override ValueTask OnCloseAsync(CloseInfo close)
        {
            calls.Add("close");
            return ValueTask.CompletedTask;
        }
    }
}
