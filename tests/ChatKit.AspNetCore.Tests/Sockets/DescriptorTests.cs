using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>Connections whose descriptors stay open would use up those of the process.</summary>
public class DescriptorTests
{
    private const int Rounds = 17;

    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _begun;

    /// <summary>The ends of a connection: the path of its request, and what its client does then.</summary>
    private static readonly (string Path, Func<RawClient, Task> Leave)[] Ends =
    [
        ("/idle", Finish),
        ("/idle", Reset),
        ("/wait", Finish),
        ("/wait", Reset),
        ("/go", Read),
        ("/abort", Read),
        ("/throw", Finish),
        ("/large", Read),
        ("/large", Reset),
        ("/chat/lobby", Close),
        ("/chat/lobby", Finish),
        ("/chat/lobby", Reset),
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_is_left_of_connections_however_they_end(bool detached)
    {
        await using var server = await StartAsync(detached);
        List<(RawClient Client, Func<RawClient, Task> Leave)> clients = [];
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (path, leave) in Ends)
            {
                var client = await server.ConnectRawAsync();
                await client.SendAsync(Encoding.ASCII.GetBytes(RawClient.Handshake(path)));
                clients.Add((client, leave));
            }
        }

        await Patience.UntilAsync(() => Volatile.Read(ref _begun) == clients.Count, "all requests run");
        var inodes = await ServerSockets.InodesAsync(server.Address.Port, clients.Count);
        Assert.Equal(clients.Count, ServerSockets.DescriptorsOf(inodes).Count);

        _go.SetResult();
        await Task.WhenAll(clients.Select(static async one => await one.Leave(one.Client)));

        await Patience.UntilAsync(() => ServerSockets.DescriptorsOf(inodes).Count == 0, "all descriptors are closed");
        foreach (var (client, _) in clients)
            client.Dispose();
    }

    private Task<ChatServer> StartAsync(bool detached) => EpollServer.StartAsync(
        app =>
        {
            app.Use((context, next) =>
            {
                Interlocked.Increment(ref _begun);
                return next(context);
            });
            app.MapGet("/idle", static () => "");
            app.MapGet("/wait", static async context =>
                _ = await Record.ExceptionAsync(() => Task.Delay(Timeout.Infinite, context.RequestAborted)));
            app.MapGet("/go", async context =>
            {
                context.Response.Headers.Connection = "close";
                await _go.Task;
            });
            app.MapGet("/abort", async context =>
            {
                await _go.Task;
                context.Abort();
            });
            app.MapGet("/throw", static context =>
            {
                context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().ConnectionClosed
                    .Register(static () => throw new InvalidOperationException("a callback fails"));
                return Task.CompletedTask;
            });
            app.MapGet("/large", static async context =>
            {
                context.Response.Headers.Connection = "close";
                await context.Response.Body.WriteAsync(LargeBody.Bytes);
            });
            app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}");
        },
        EpollServer.Detach(detached),
        static builder => builder.Services.AddSingleton(new Script()));

    private static async Task Read(RawClient client) => await client.ReadToEndAsync();

    private static async Task Finish(RawClient client)
    {
        client.Socket.Shutdown(SocketShutdown.Send);
        await client.ReadToEndAsync();
    }

    private static async Task Close(RawClient client)
    {
        await client.SendAsync(ClientFrame.CloseWith(1000));
        await client.ReadToEndAsync();
    }

    private static Task Reset(RawClient client)
    {
        client.Reset();
        return Task.CompletedTask;
    }
}
