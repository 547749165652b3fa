using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>The ends of connections that serve requests: each side notices that of the other, and how it was meant.</summary>
public class EndTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The bytes behind the request fit in its buffer, in the next, or in no buffer.</summary>
    public static MatrixTheoryData<bool, bool, int> Departures => new([false, true], [false, true], [0, 100, 10_000, 60_000]);

    [Theory]
    [MemberData(nameof(Departures))]
    public async Task A_request_is_aborted_when_its_client_goes_although_nobody_reads(bool reset, bool tls, int unread)
    {
        using var certificate = SelfSigned.Create();
        await using var server = await StartAsync(WaitUntilAbortedAsync, tls ? certificate : null);
        using var client = await server.ConnectRawAsync(certificate);
        await client.SendAsync(Encoding.ASCII.GetBytes(Get + new string('x', unread)));
        await _begun.Task.Soon();

        if (reset)
            client.Reset();
        else
            client.Socket.Shutdown(SocketShutdown.Send);

        await _ended.Task.Soon();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_is_aborted_when_its_client_goes_after_bytes_that_came_later(bool tls)
    {
        using var certificate = SelfSigned.Create();
        await using var server = await StartAsync(WaitUntilAbortedAsync, tls ? certificate : null);
        using var client = await server.ConnectRawAsync(certificate);
        await client.SendAsync(Encoding.ASCII.GetBytes(Get));
        await _begun.Task.Soon();

        await client.SendAsync(Encoding.ASCII.GetBytes(Get));
        client.Socket.Shutdown(SocketShutdown.Send);

        await _ended.Task.Soon();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_whose_body_nobody_reads_is_aborted_when_its_client_goes(bool tls)
    {
        using var certificate = SelfSigned.Create();
        await using var server = await StartAsync(WaitUntilAbortedAsync, tls ? certificate : null);
        using var client = await server.ConnectRawAsync(certificate);
        await client.SendAsync(Encoding.ASCII.GetBytes(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + new string('x', 20_000)));
        await _begun.Task.Soon();

        client.Socket.Shutdown(SocketShutdown.Send);

        await _ended.Task.Soon();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_stops_ends_idle_connections_and_answers_the_request_that_runs(bool tls)
    {
        using var certificate = SelfSigned.Create();
        await using var server = await StartAsync(
            async context =>
            {
                if (context.Request.Path == "/idle")
                    return;
                _begun.SetResult();
                await _go.Task;
            },
            tls ? certificate : null);
        using var idle = await server.ConnectRawAsync(certificate);
        Assert.StartsWith("HTTP/1.1 200", await idle.RequestAsync("GET /idle HTTP/1.1\r\nHost: localhost\r\n\r\n"), StringComparison.Ordinal);
        using var busy = await server.ConnectRawAsync(certificate);
        var answer = busy.RequestAsync(Get);
        await _begun.Task.Soon();

        var stopping = server.StopAsync();
        await idle.ExpectEndAsync();
        Assert.False(stopping.IsCompleted);
        _go.SetResult();

        Assert.StartsWith("HTTP/1.1 200", await answer, StringComparison.Ordinal);
        await busy.ExpectEndAsync();
        await stopping.Soon();
    }

    /// <summary>A clean end would make a response without a length look whole, although it isn't.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_connection_that_the_application_aborts_is_reset(bool tls, bool waits)
    {
        using var certificate = SelfSigned.Create();
        await using var server = await StartAsync(
            async context =>
            {
                await context.Response.Body.WriteAsync(new byte[100]);
                var writing = waits ? context.Response.Body.WriteAsync(LargeBody.Bytes).AsTask() : Task.CompletedTask;
                if (waits != writing.IsCompleted)
                    _begun.SetResult();
                await _go.Task;
                context.Abort();
                _ = await Record.ExceptionAsync(() => writing);
            },
            tls ? certificate : null);
        using var client = await server.ConnectRawAsync(certificate);
        Assert.StartsWith("HTTP/1.1 200", await client.RequestAsync("GET / HTTP/1.0\r\n\r\n"), StringComparison.Ordinal);
        await _begun.Task.Soon();
        _go.SetResult();

        Assert.True((await client.ReadToEndAsync()).WasReset);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_callback_that_throws_at_the_end_keeps_nothing_open(bool tls, bool serverEnds)
    {
        using var certificate = SelfSigned.Create();
        await using var server = await StartAsync(
            context =>
            {
                context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().ConnectionClosed
                    .Register(static () => throw new InvalidOperationException("a callback fails"));
                return Task.CompletedTask;
            },
            tls ? certificate : null);
        using var client = await server.ConnectRawAsync(certificate);
        var version = serverEnds ? "1.0" : "1.1";
        Assert.StartsWith(
            "HTTP/1.1 200", await client.RequestAsync($"GET / HTTP/{version}\r\nHost: localhost\r\n\r\n"), StringComparison.Ordinal);

        // The server would wait longer for a connection that hasn't ended than a test waits for anything.
        if (serverEnds)
            await client.ExpectEndAsync();
        else
            await client.FinishAsync();
        await server.StopAsync().Soon();
    }

    private async Task WaitUntilAbortedAsync(HttpContext context)
    {
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = context.RequestAborted.Register(() => aborted.SetResult());
        _begun.SetResult();
        await aborted.Task;
        _ended.SetResult();
    }

    private static Task<ChatServer> StartAsync(RequestDelegate run, X509Certificate2? certificate) => EpollServer.StartAsync(
        app => app.Run(run),
        listen =>
        {
            if (certificate is not null)
                listen.UseHttps(certificate);
        });
}
