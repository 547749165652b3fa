using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Endpoints;

/// <summary>Connections that leave the HTTP layer when their handlers have opened.</summary>
public class DetachableConnectionTests
{
    private readonly TaskCompletionSource _requestEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task The_request_lasts_until_the_handler_has_opened()
    {
        var script = new Script
        {
            Open = async connection =>
            {
                await _go.Task;
                connection.Items["name"] = connection.GetHttpContext()!.Request.Query["name"].ToString();
            },
            Message = static (connection, _) => connection.SendAsync((string)connection.Items["name"]!),
        };
        await using var server = await StartAsync(script, static listen => listen.UseChatKitConnections());
        using var client = await OpenAsync(server, "/chat/lobby?name=Ann");
        await script.Opened;
        Assert.False(_requestEnded.Task.IsCompleted);

        _go.SetResult();

        await _requestEnded.Task.Soon();
        Assert.Equal("Ann", await AskAsync(client));
        var error = Assert.Throws<InvalidOperationException>(() => script.Opened.Result.GetHttpContext());
        Assert.Contains("OnOpenAsync", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_of_the_request_is_kept()
    {
        WeakReference? request = null;
        var script = new Script
        {
            Open = connection =>
            {
                request = ReferenceTo(connection);
                return ValueTask.CompletedTask;
            },
        };
        await using var server = await StartAsync(script, static listen => listen.UseChatKitConnections());
        using var client = await OpenAsync(server);
        await _requestEnded.Task.Soon();

        await Patience.UntilAsync(
            () =>
            {
                GC.Collect();
                return request?.IsAlive == false;
            },
            "the request is collected");
        Assert.Equal("question", await AskAsync(client));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference ReferenceTo(WebSocketConnection connection) => new(connection.GetHttpContext());
    }

    [Fact]
    public async Task Messages_pass_and_both_sides_can_close()
    {
        var script = new Script();
        await using var server = await StartAsync(script, static listen => listen.UseChatKitConnections());
        using var client = await OpenAsync(server);
        await _requestEnded.Task.Soon();

        for (var i = 0; i < 100; i++)
            Assert.Equal("question", await AskAsync(client));
        await (await script.Opened).CloseAsync(WebSocketCloseStatus.NormalClosure);

        Assert.Equal(1000, await client.ReceiveCloseAsync());
        await client.SendAsync(ClientFrame.CloseWith(1000));
        await client.ExpectEndAsync();
        Assert.True((await script.Closed).WasClean);
    }

    [Fact]
    public async Task A_client_that_resets_the_connection_is_gone()
    {
        var script = new Script();
        await using var server = await StartAsync(script, static listen => listen.UseChatKitConnections());
        using var client = await OpenAsync(server);
        await _requestEnded.Task.Soon();

        client.Reset();

        Assert.Equal(1006, (int)(await script.Closed).Code);
    }

    [Fact]
    public async Task A_connection_that_the_server_aborts_ends()
    {
        var script = new Script();
        await using var server = await StartAsync(script, static listen => listen.UseChatKitConnections(), closeTimeout: TimeSpan.FromMilliseconds(100));
        using var client = await OpenAsync(server);
        await _requestEnded.Task.Soon();

        // The client doesn't answer the close frame.
        await (await script.Opened).CloseAsync(WebSocketCloseStatus.NormalClosure);

        await client.DrainAsync();
        Assert.False((await script.Closed).WasClean);
    }

    [Fact]
    public async Task A_server_that_stops_closes_the_connection_and_waits_for_it()
    {
        var script = new Script { Close = _ => new ValueTask(_go.Task) };
        await using var server = await StartAsync(script, static listen => listen.UseChatKitConnections());
        using var client = await OpenAsync(server);
        await _requestEnded.Task.Soon();

        var stopping = server.StopAsync();
        Assert.Equal(1012, await client.ReceiveCloseAsync());
        await client.SendAsync(ClientFrame.CloseWith(1012));
        Assert.False(stopping.IsCompleted);
        _go.SetResult();

        await stopping.Soon();
        Assert.Equal(1012, (int)(await script.Closed).Code);
    }

    [Fact]
    public async Task A_connection_counts_until_it_has_ended()
    {
        var script = new Script();
        await using var server = await StartAsync(script, static listen => listen.UseChatKitConnections(), maxConnections: 1);
        using var client = await OpenAsync(server);
        await _requestEnded.Task.Soon();
        using (var refused = await server.HandshakeAsync("/chat/lobby"))
            Assert.Equal(503, (int)refused.StatusCode);

        client.Reset();
        await script.Closed;

        await Patience.UntilAsync(
            async () =>
            {
                using var next = await server.ConnectRawAsync();
                return (await next.RequestAsync(RawClient.Handshake("/chat/lobby"))).StartsWith("HTTP/1.1 101", StringComparison.Ordinal);
            },
            "the next connection is accepted");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_TLS_it_leaves_the_HTTP_layer_if_that_was_added_first(bool first)
    {
        using var certificate = SelfSigned.Create();
        var script = new Script();
        await using var server = await StartAsync(script, listen =>
        {
            if (!first)
                listen.UseChatKitConnections();
            listen.UseHttps(certificate);
            if (first)
                listen.UseChatKitConnections();
        });
        using var client = await OpenAsync(server, certificate: certificate);
        Assert.Equal("question", await AskAsync(client));

        if (first)
            await _requestEnded.Task.Soon();
        Assert.Equal("question", await AskAsync(client));
        Assert.Equal(first, _requestEnded.Task.IsCompleted);
        Assert.Throws<InvalidOperationException>(() => script.Opened.Result.GetHttpContext());
    }

    [Fact]
    public async Task A_connection_that_is_refused_when_it_opens_ends_with_its_request()
    {
        var script = new Script { Open = static connection => connection.CloseAsync(WebSocketCloseStatus.PolicyViolation, "no") };
        await using var server = await StartAsync(script, static listen => listen.UseChatKitConnections());
        using var client = await OpenAsync(server);

        Assert.Equal(1008, await client.ReceiveCloseAsync());
        await client.SendAsync(ClientFrame.CloseWith(1008));

        await client.ExpectEndAsync();
        await _requestEnded.Task.Soon();
    }

    [Fact]
    public async Task Requests_that_are_no_handshake_are_answered_as_usual()
    {
        await using var server = await StartAsync(new Script(), static listen => listen.UseChatKitConnections());

        Assert.Equal("page", await server.Http.GetStringAsync(new Uri("/page", UriKind.Relative), TestContext.Current.CancellationToken));
        Assert.Equal("page", await server.Http.GetStringAsync(new Uri("/page", UriKind.Relative), TestContext.Current.CancellationToken));
    }

    private Task<ChatServer> StartAsync(
        Script script, Action<ListenOptions> listen, int? maxConnections = null, TimeSpan? closeTimeout = null) =>
        ChatServer.StartAsync(
            app =>
            {
                app.Use(async (context, next) =>
                {
                    await next(context);
                    if (context.Request.Path.StartsWithSegments("/chat", StringComparison.Ordinal) && context.Response.StatusCode == 101)
                        _requestEnded.TrySetResult();
                });
                app.MapGet("/page", static () => "page");
                app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}", options => options.MaxConnections = maxConnections);
            },
            builder =>
            {
                builder.Services.AddSingleton(script);
                if (closeTimeout is { } timeout)
                    builder.Services.Configure<ChatKitOptions>(options => options.CloseTimeout = timeout);
            },
            listen);

    private static async Task<RawClient> OpenAsync(ChatServer server, string path = "/chat/lobby", X509Certificate2? certificate = null)
    {
        var client = await server.ConnectRawAsync(certificate);
        await client.OpenAsync(path);
        return client;
    }

    private static async Task<string> AskAsync(RawClient client)
    {
        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "question"));
        return await client.ReceiveTextAsync();
    }
}
