using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatKit.AspNetCore.Tests.Http;

/// <summary>An endpoint answers only in the ways that it allows.</summary>
public class TransportOptionTests
{
    private const string Room = "/chat/lobby";

    [Theory]
    [InlineData(ChatTransports.WebSockets, 426, 426, 405, 405, true)]
    [InlineData(ChatTransports.ServerSentEvents, 200, 426, 426, 403, false)]
    [InlineData(ChatTransports.Polling, 426, 200, 201, 426, false)]
    [InlineData(ChatTransports.All, 200, 200, 201, 403, true)]
    public async Task A_way_that_is_not_allowed_is_answered_as_if_it_did_not_exist(
        ChatTransports transports, int stream, int poll, int post, int postToStream, bool isWebSocket)
    {
        await using var server = await ChatServer.StartAsync(Script.Broadcasting, options => options.Transports = transports);

        Assert.Equal(stream, await StatusAsync(EventStream.RequestAsync(server, Room)));
        Assert.Equal(poll, await StatusAsync(GetAsync(server, "application/json")));
        Assert.Equal(post, await StatusAsync(EventStream.PostAsync(server, Room, """{"data":"hi"}""")));
        Assert.Equal(postToStream, await StatusAsync(EventStream.PostAsync(server, Room, "[]", ("ChatKit-Connection", "x"))));
        using var client = await server.ConnectRawAsync();
        Assert.StartsWith(isWebSocket ? "HTTP/1.1 101 " : "HTTP/1.1 400 ", await client.RequestAsync(RawClient.Handshake(Room)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/html,application/xhtml+xml,*/*;q=0.8")]
    [InlineData("*/*")]
    [InlineData("text/event-stream;q=0")]
    [InlineData("text/plain")]
    public async Task What_asks_for_something_else_is_told_to_use_a_WebSocket(string accept)
    {
        await using var server = await ChatServer.StartAsync(new Script(), static options => options.Transports = ChatTransports.All);

        Assert.Equal(426, await StatusAsync(GetAsync(server, accept)));
    }

    [Theory]
    [InlineData(ChatTransports.None)]
    [InlineData((ChatTransports)8)]
    public async Task Other_values_are_refused_when_the_endpoint_is_mapped(ChatTransports transports)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(
            () => ChatServer.StartAsync(new Script(), options => options.Transports = transports));

        Assert.Contains("must be a combination of WebSockets, ServerSentEvents and Polling", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Conventions_hold_on_every_way()
    {
        await using var server = await ChatServer.StartAsync(
            static app => app.MapWebSocketHandler<ChatRoom>("/chat/{room}", static options => options.Transports = ChatTransports.All)
                .RequireAuthorization(),
            static builder =>
            {
                builder.Services.AddAuthorization();
                builder.Services.AddAuthentication("Bearer").AddJwtBearer();
            });

        Assert.Equal(401, await StatusAsync(EventStream.RequestAsync(server, Room)));
        Assert.Equal(401, await StatusAsync(GetAsync(server, "application/json")));
        Assert.Equal(401, await StatusAsync(EventStream.PostAsync(server, Room, """{"data":"hi"}""")));
        Assert.Equal(401, await StatusAsync(EventStream.PostAsync(server, Room, "[]", ("ChatKit-Connection", "x"))));
        Assert.Equal(401, await StatusAsync(server.HandshakeAsync(Room)));
    }

    [Fact]
    public async Task A_page_of_another_origin_can_be_allowed_with_CORS()
    {
        const string Page = "https://www.example.com";
        await using var server = await ChatServer.StartAsync(
            static app =>
            {
                app.UseCors();
                app.MapWebSocketHandler<ChatRoom>("/chat/{room}", static options =>
                {
                    options.Transports = ChatTransports.All;
                    options.AllowedOrigins.Add(Page);
                }).RequireCors(static cors => cors.WithOrigins(Page).WithHeaders("Content-Type", "ChatKit-Connection", "ChatKit-Sequence"));
            },
            static builder => builder.Services.AddCors());
        using var asks = new HttpRequestMessage(HttpMethod.Options, new Uri(Room, UriKind.Relative));
        foreach (var (name, value) in ((string, string)[])
            [("Origin", Page), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "chatkit-connection,content-type")])
            asks.Headers.Add(name, value);

        using var preflight = await server.Http.SendAsync(asks, TestContext.Current.CancellationToken);
        using var post = await EventStream.PostAsync(server, Room, """{"data":"hi"}""", ("Origin", Page));

        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Contains("ChatKit-Connection", preflight.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Created, post.StatusCode);
        Assert.Equal(Page, post.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    private static async Task<int> StatusAsync(Task<HttpResponseMessage> request)
    {
        using var response = await request.Soon();
        return (int)response.StatusCode;
    }

    private static Task<HttpResponseMessage> GetAsync(ChatServer server, string accept)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Room, UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Accept", accept);
        return server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
