using ChatKit.AspNetCore.Endpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ChatKit.AspNetCore.Tests.Http;

/// <summary>Whether events may bypass the server's layers is certain, or they do not.</summary>
public class EventStreamPipeTests
{
    [Fact]
    public async Task What_the_client_has_acknowledged_is_known_to_the_byte()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems do not tell what a client has acknowledged.");
        var results = new TaskCompletionSource<(bool Less, bool More)>();
        await using var server = await ChatServer.StartAsync(app => app.MapGet("/", async context =>
        {
            context.Response.Headers["X-Two"] = new(["one", "two"]);
            context.Response.OnStarting(() =>
            {
                context.Response.Headers.SetCookie = "a=b";
                return Task.CompletedTask;
            });
            var pipe = EventStreamPipe.TryPrepare(context)!;
            await context.Response.StartAsync(context.RequestAborted);
            await pipe.Output.FlushAsync(context.RequestAborted);
            pipe.OnStarted(context.Response);
            await Patience.UntilAsync(() => pipe.HasAcknowledged(0), "the head of the response is acknowledged");
            await pipe.Output.WriteAsync("5\r\nhello\r\n"u8.ToArray(), context.RequestAborted);
            await Patience.UntilAsync(() => pipe.HasAcknowledged(10), "the body is acknowledged");
            results.SetResult((pipe.HasAcknowledged(0), pipe.HasAcknowledged(11)));
            await pipe.Output.WriteAsync("0\r\n\r\n"u8.ToArray(), context.RequestAborted);
        }));

        Assert.Equal("hello", await server.Http.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken));

        Assert.Equal((false, false), await results.Task.Soon());
    }

    [Fact]
    public async Task A_later_request_of_a_connection_uses_the_body()
    {
        var prepared = new List<bool>();
        await using var server = await ChatServer.StartAsync(app => app.MapGet("/{try}", (HttpContext context, bool @try) =>
        {
            if (@try)
                prepared.Add(EventStreamPipe.TryPrepare(context) is not null);
            return "done";
        }));

        foreach (var path in (string[])["/false", "/true"])
            await server.Http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal([false], prepared);
    }

    [Fact]
    public async Task A_body_that_middleware_has_replaced_is_used()
    {
        var prepared = new List<bool>();
        await using var server = await ChatServer.StartAsync(app =>
        {
            app.Use(static (context, next) =>
            {
                context.Response.Body = new MemoryStream();
                return next(context);
            });
            app.MapGet("/", context =>
            {
                prepared.Add(EventStreamPipe.TryPrepare(context) is not null);
                return Task.CompletedTask;
            });
        });

        await server.Http.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal([false], prepared);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Thousands_of_events_arrive_in_order_whether_they_bypass_the_layers_or_not(bool direct)
    {
        await using var server = await ChatServer.StartAsync(Script.Broadcasting, options =>
        {
            options.Transports = ChatTransports.All;
            options.DirectTransport = direct;
            options.HistoryCapacity = 3000; // A stream that falls behind catches up without a gap.
        });
        await using var stream = await EventStream.OpenAsync(server, "/chat/lobby");
        await using var other = await EventStream.OpenAsync(server, "/chat/lobby");
        await using var socket = await server.ConnectAsync("/chat/lobby");
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < 3000; i++)
                await socket.SendAsync($"{i} {new string('x', i % 700)}");
        });

        for (var i = 0; i < 3000; i++)
        {
            Assert.StartsWith($"{i} ", await stream.TextAsync(), StringComparison.Ordinal);
            Assert.StartsWith($"{i} ", await other.TextAsync(), StringComparison.Ordinal);
        }

        await sending;
    }
}
