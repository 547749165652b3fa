using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ChatKit.AspNetCore.Tests.Endpoints;

public class HandshakeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_plain_request_receives_426_and_a_text_about_the_endpoint()
    {
        await using var server = await ChatServer.StartAsync(new Script());

        using var response = await server.Http.GetAsync(new Uri("/chat/lobby", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.UpgradeRequired, response.StatusCode);
        Assert.Equal("13", Assert.Single(response.Headers.GetValues("Sec-WebSocket-Version")));
        Assert.Equal("websocket", Assert.Single(response.Headers.Upgrade).Name);
        Assert.Equal(["Upgrade", "close"], response.Headers.Connection);
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("This is a WebSocket endpoint", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_http2_the_response_to_a_plain_request_has_no_Upgrade_header()
    {
        await using var server = await ChatServer.StartAsync(new Script(), listen: static o => o.Protocols = HttpProtocols.Http2);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/chat/lobby", UriKind.Relative))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using var response = await server.Http.SendAsync(request, Cancel);

        Assert.Equal(HttpVersion.Version20, response.Version);
        Assert.Equal(HttpStatusCode.UpgradeRequired, response.StatusCode);
        Assert.Empty(response.Headers.Upgrade);
        Assert.Empty(response.Headers.Connection);
    }

    /// <summary>RFC 8441: the same rules, without a key and without Upgrade.</summary>
    [Theory]
    [InlineData(HttpStatusCode.OK, "Sec-WebSocket-Version", "13")]
    [InlineData(HttpStatusCode.OK, "Sec-WebSocket-Key", "not looked at")]
    [InlineData(HttpStatusCode.OK, "Sec-WebSocket-Extensions", "x-unknown; a=1")]
    [InlineData(HttpStatusCode.UpgradeRequired, "Sec-WebSocket-Version", "8")]
    [InlineData(HttpStatusCode.UpgradeRequired, "Sec-WebSocket-Version", "")]
    [InlineData(HttpStatusCode.BadRequest, "Sec-WebSocket-Version", "13, 8")]
    [InlineData(HttpStatusCode.BadRequest, "Sec-WebSocket-Extensions", "permessage-deflate; =")]
    public async Task Over_http2_a_handshake_is_an_extended_connect(HttpStatusCode status, string header, string value)
    {
        await using var server = await ChatServer.StartAsync(new Script(), listen: static o => o.Protocols = HttpProtocols.Http2);
        using var request = new HttpRequestMessage(HttpMethod.Connect, new Uri("/chat/lobby", UriKind.Relative))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Protocol = "websocket";
        request.Headers.TryAddWithoutValidation(header, value);
        if (header != "Sec-WebSocket-Version")
            request.Headers.Add("Sec-WebSocket-Version", "13");

        using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(status == HttpStatusCode.UpgradeRequired, response.Headers.Contains("Sec-WebSocket-Version"));
        Assert.False(response.Headers.Contains("Sec-WebSocket-Accept"));
    }

    [Fact]
    public async Task Other_methods_are_not_allowed()
    {
        await using var server = await ChatServer.StartAsync(new Script());

        using var response = await server.Http.PostAsync(new Uri("/chat/lobby", UriKind.Relative), null, Cancel);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    [Theory]
    [InlineData("8", null)]
    [InlineData("13", "Sec-WebSocket-Version")]
    [InlineData("13", "Upgrade")]
    [InlineData("13", "Connection")]
    public async Task The_response_to_an_unsupported_version_names_the_supported_one(string version, string? without)
    {
        await using var server = await ChatServer.StartAsync(new Script());
        using var client = await server.ConnectRawAsync();

        var response = await client.RequestAsync(RawClient.Handshake("/chat/lobby", version, without));

        Assert.StartsWith("HTTP/1.1 426", response, StringComparison.Ordinal);
        Assert.Contains("Sec-WebSocket-Version: 13", response, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_cannot_upgrade_throws_with_the_fix_in_the_message()
    {
        Exception? thrown = null;
        await using var server = await ChatServer.StartAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                context.Features.Set<IHttpUpgradeFeature>(new NoUpgrade());
                thrown = await Record.ExceptionAsync(() => next(context));
            });
            app.UseRouting();
            app.MapWebSocketHandler<ChatRoom>("/msg");
        });

        using var client = await server.ConnectRawAsync();
        await client.RequestAsync(RawClient.Handshake("/msg"));

        Assert.Contains("WebApplicationFactory.UseKestrel()", Assert.IsType<InvalidOperationException>(thrown).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(256, "at most 255 characters; this one has 256")]
    [InlineData(0, "bidi controls; this one has U+000A")]
    public async Task An_invalid_room_name_is_rejected_with_the_reason(int length, string reason)
    {
        await using var server = await ChatServer.StartAsync(new Script());
        var room = length == 0 ? "a%0Ab" : new string('r', length);
        var path = $"/chat/{room}";

        using var response = await server.HandshakeAsync(path);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(reason, await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_room_name_of_255_characters_is_accepted()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script);

        await using var client = await server.ConnectAsync($"/chat/{new string('r', 255)}");

        Assert.Equal(255, (await script.Opened).Room.Length);
    }

    [Theory]
    [InlineData("b", "b")]
    [InlineData("b, a", "a")]
    [InlineData("c", null)]
    [InlineData("A", null)]
    public async Task The_first_subprotocol_of_the_server_that_the_client_offers_is_selected(string offered, string? taken)
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script, static options =>
        {
            options.Subprotocols.Add("a");
            options.Subprotocols.Add("b");
        });
        var settings = new ClientSettings
        {
            Options = options => offered.Split(", ").ToList().ForEach(options.AddSubProtocol),
        };

        await using var client = await server.ConnectAsync("/chat/lobby", settings);

        Assert.Equal(taken, client.Socket.SubProtocol);
        Assert.Equal(taken, (await script.Opened).Subprotocol);
    }

    /// <summary>The features of the in-memory TestServer.</summary>
    private sealed class NoUpgrade : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => false;

        public Task<Stream> UpgradeAsync() => throw new NotSupportedException();
    }
}
