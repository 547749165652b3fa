using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Tests.Endpoints;

public class OriginTests
{
    private const int AnyOriginAllowed = 300;
    private const int OriginRefused = 301;

    [Fact]
    public async Task A_page_of_the_same_host_can_connect()
    {
        await using var server = await ChatServer.StartAsync(new Script());

        await using var client = await server.ConnectAsync(
            "/chat/lobby", ClientSettings.WithHeader("Origin", server.Address.GetLeftPart(UriPartial.Authority)));
        await client.SendAsync("hi");

        Assert.Equal("hi", await client.ReceiveAsync());
    }

    [Theory]
    [InlineData("https://evil.net")]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("null")]
    public async Task A_page_of_another_origin_is_refused_with_the_fix_in_the_text_and_logged(string origin)
    {
        await using var server = await ChatServer.StartAsync(new Script());

        using var response = await HandshakeAsync(server, origin);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("WebSocketEndpointOptions.AllowedOrigins", text, StringComparison.Ordinal);
        var entry = Assert.Single(server.Logs.Entries, static entry => entry.Id == OriginRefused);
        Assert.Equal(LogLevel.Information, entry.Level);
        Assert.Contains(origin, entry.Message, StringComparison.Ordinal);
        Assert.Contains("/chat/{room}", entry.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_origin_is_logged_in_one_line_without_control_characters()
    {
        await using var server = await ChatServer.StartAsync(new Script());
        using var client = await server.ConnectRawAsync();
        var origin = "https://\u001b[2Jevil\t\u007f.net/" + new string('x', 5000);

        var response = await client.RequestAsync(RawClient.Handshake("/chat/lobby", headers: [$"Origin: {origin}"]));

        Assert.StartsWith("HTTP/1.1 403", response, StringComparison.Ordinal);
        var message = Assert.Single(server.Logs.Entries, static entry => entry.Id == OriginRefused).Message;
        Assert.DoesNotContain(message, char.IsControl);
        Assert.InRange(message.Length, 1, 1500);
    }

    [Fact]
    public async Task A_page_of_a_listed_origin_can_connect()
    {
        await using var server = await ChatServer.StartAsync(
            new Script(), static options => options.AllowedOrigins.Add("https://*.example.com"));

        await using var client = await server.ConnectAsync(
            "/chat/lobby", ClientSettings.WithHeader("Origin", "https://www.example.com"));
        using var refused = await HandshakeAsync(server, "https://evilexample.com");

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    [Fact]
    public async Task Allowing_every_origin_logs_a_warning()
    {
        await using var server = await ChatServer.StartAsync(new Script(), static options => options.AllowedOrigins.Add("*"));
        Assert.Single(server.Logs.Entries, static entry => entry is { Id: AnyOriginAllowed, Level: LogLevel.Warning });

        await using var client = await server.ConnectAsync("/chat/lobby", ClientSettings.WithHeader("Origin", "https://evil.net"));
    }

    private static Task<HttpResponseMessage> HandshakeAsync(ChatServer server, string origin) =>
        server.HandshakeAsync("/chat/lobby", ("Origin", origin));
}
