using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatKit.AspNetCore.Tests.Endpoints;

/// <summary>The defaults of all endpoints come from the options system. The settings of an endpoint are applied after them.</summary>
public class EndpointDefaultsTests
{
    [Fact]
    public async Task Code_and_configuration_set_defaults_that_each_endpoint_can_override()
    {
        var seen = new Dictionary<string, (int Size, TimeSpan Interval, string[] Origins, bool Presence)>();
        await using var server = await ChatServer.StartAsync(
            app =>
            {
                app.MapWebSocketHandler<ChatRoom>("/one", options => See("one", options));
                app.MapWebSocketHandler<ChatRoom>("/two", options =>
                {
                    options.MaxMessageSize = 7;
                    options.AllowedOrigins.Add("https://two.example");
                    See("two", options);
                });
                app.MapWebSocketHandler<ChatRoom>("/three", options => See("three", options));
            },
            static builder =>
            {
                builder.Configuration.AddInMemoryCollection([
                    KeyValuePair.Create<string, string?>("Chat:PingInterval", "00:00:07"),
                    KeyValuePair.Create<string, string?>("Chat:AllowedOrigins:0", "https://all.example"),
                ]);
                builder.Services.Configure<WebSocketEndpointOptions>(builder.Configuration.GetSection("Chat"));
                builder.Services.Configure<WebSocketEndpointOptions>(static options => options.MaxMessageSize = 1000);
                builder.Services.Configure<WebSocketEndpointOptions>(static options => options.TrackPresence = true);
            });

        var interval = TimeSpan.FromSeconds(7);
        Assert.Equal((1000, interval, "https://all.example", true), Short("one"));
        Assert.Equal((7, interval, "https://all.example https://two.example", true), Short("two"));
        Assert.Equal(Short("one"), Short("three"));

        void See(string name, WebSocketEndpointOptions options) =>
            seen[name] = (options.MaxMessageSize, options.PingInterval, [.. options.AllowedOrigins], options.TrackPresence);

        (int, TimeSpan, string, bool) Short(string name) =>
            (seen[name].Size, seen[name].Interval, string.Join(' ', seen[name].Origins), seen[name].Presence);
    }

    [Fact]
    public async Task A_default_that_is_out_of_range_fails_where_an_endpoint_is_mapped()
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => ChatServer.StartAsync(
            static app => app.MapWebSocketHandler<ChatRoom>("/chat/{room}"),
            static builder => builder.Services.Configure<WebSocketEndpointOptions>(static options => options.MaxMessageSize = 0)));

        Assert.Contains("MaxMessageSize is 0", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anna@example.com", "anna@example.com")]
    [InlineData("", null)]
    public async Task The_application_can_choose_the_claim_that_identifies_a_user(string email, string? expected)
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(
            app =>
            {
                app.Use((context, next) =>
                {
                    context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("email", email), new Claim("sub", "subject")], "test"));
                    return next(context);
                });
                app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}");
            },
            builder => builder.Services.AddSingleton(script).AddChatKit(static options => options.UserId = static user => user.FindFirst("email")?.Value));

        await using var client = await server.ConnectAsync("/chat/lobby");

        Assert.Equal(expected, (await script.Opened).UserId);
    }
}
