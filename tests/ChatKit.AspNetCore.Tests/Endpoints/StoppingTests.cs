using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatKit.AspNetCore.Tests.Endpoints;

/// <summary>The host stops while connections are open.</summary>
public class StoppingTests
{
    [Theory]
    [InlineData(2500, "3")]
    [InlineData(0, "1")]
    public async Task New_connections_are_refused_and_other_requests_still_answered(int drainTime, string retryAfter)
    {
        await using var server = await StartAsync(drainTime);
        using var client = await server.ConnectRawAsync();
        using var late = await server.ConnectRawAsync();
        await client.OpenAsync("/chat/lobby");

        // The response to the handshake precedes the connection's registration, and a host without connections stops at once.
        await server.Services.GetRequiredService<Script>().Opened;

        var stopping = server.StopAsync();

        Assert.Equal(1012, await client.ReceiveCloseAsync());
        var head = await late.RequestAsync(RawClient.Handshake("/chat/lobby"));
        Assert.StartsWith("HTTP/1.1 503 ", head, StringComparison.Ordinal);
        Assert.Contains($"\r\nRetry-After: {retryAfter}\r\n", head, StringComparison.Ordinal);
        Assert.Equal("stopping", await server.Http.GetStringAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken));
        using var plain = await server.Http.GetAsync(new Uri("/chat/lobby", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UpgradeRequired, plain.StatusCode);
        Assert.False(stopping.IsCompleted);
        await client.SendAsync(ClientFrame.CloseWith(1012));
        await client.ExpectEndAsync();
        await stopping.Soon();
    }

    [Fact]
    public async Task A_v1_client_gets_a_restart_frame_and_then_the_close_frame()
    {
        await using var server = await StartAsync(drainTime: 0);
        await using var client = await server.ConnectAsync(
            "/chat/lobby", new ClientSettings { Options = static options => options.AddSubProtocol("chatkit.v1") });
        Assert.Contains("\"welcome\"", await client.ReceiveAsync(), StringComparison.Ordinal);
        Assert.Contains("\"live\"", await client.ReceiveAsync(), StringComparison.Ordinal);

        var stopping = server.StopAsync();

        Assert.Matches("""^\{"type":"restart","retry":[01](\.[0-9]{1,3})?\}$""", await client.ReceiveAsync());
        Assert.Equal(((WebSocketCloseStatus)1012, "the server is restarting"), await client.ReceiveCloseAsync());
        await stopping.Soon();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_handler_that_hangs_does_not_delay_the_application_beyond_its_shutdown_timeout(bool onClose)
    {
        var handling = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var script = new Script
        {
            Message = (_, _) =>
            {
                handling.SetResult();
                return new ValueTask(onClose ? Task.CompletedTask : Task.Delay(Timeout.Infinite));
            },
            Close = _ => new ValueTask(onClose ? Task.Delay(Timeout.Infinite) : Task.CompletedTask),
        };
        await using var server = await ChatServer.StartAsync(
            static app => app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}"),
            builder =>
            {
                builder.Services.AddSingleton(script);
                builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromSeconds(1));
            });
        await using var client = await server.ConnectAsync("/chat/lobby");
        await client.SendAsync("hang");
        await handling.Task.Soon();

        var watch = Stopwatch.StartNew();
        var stopping = server.StopAsync();
        Assert.Equal((WebSocketCloseStatus)1012, (await client.ReceiveCloseAsync()).Code);
        await stopping.Soon();

        TestContext.Current.TestOutputHelper?.WriteLine($"The application stopped after {watch.Elapsed.TotalSeconds:0.00} s.");
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(1), Patience.Limit);
        Assert.Single(server.Logs.Entries, static entry => entry.Id == 151);
    }

    private static Task<ChatServer> StartAsync(int drainTime) => ChatServer.StartAsync(
        static app =>
        {
            app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}");
            app.MapGet("/health", static (IHostApplicationLifetime life) => life.ApplicationStopping.IsCancellationRequested ? "stopping" : "ready");
        },
        builder =>
        {
            builder.Services.AddSingleton(new Script());
            builder.Services.AddChatKit(options => options.DrainTime = TimeSpan.FromMilliseconds(drainTime));
        });
}
