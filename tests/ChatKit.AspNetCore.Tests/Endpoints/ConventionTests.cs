using System.Net;
using System.Net.WebSockets;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.AspNetCore.Tests.Endpoints;

/// <summary>A ChatKit endpoint is like any other endpoint: middleware and conventions apply to it.</summary>
public class ConventionTests
{
    [Fact]
    public async Task Authorization_applies_and_the_handler_sees_the_user()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(
            app => app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}").RequireAuthorization("members"),
            builder =>
            {
                builder.Services.AddSingleton(script);
                builder.Services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, TestAuthentication>("test", null);
                builder.Services.AddAuthorization(static options => options.AddPolicy("members", static policy => policy.RequireRole("member")));
            });

        Assert.Equal(HttpStatusCode.Unauthorized, await RefusalAsync(server, "/chat/lobby"));
        Assert.Equal(HttpStatusCode.Forbidden, await RefusalAsync(server, "/chat/lobby", ClientSettings.WithHeader("Authorization", "guest")));
        await using var client = await server.ConnectAsync("/chat/lobby", ClientSettings.WithHeader("Authorization", "member"));

        var connection = await script.Opened;
        Assert.True(connection.User.IsInRole("member"));
        Assert.Equal("id-of-member", connection.UserId);
        Assert.Single(script.Calls);
    }

    [Fact]
    public async Task Anonymous_clients_have_no_user_id()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(script);
        await using var client = await server.ConnectAsync("/chat/lobby");

        Assert.Null((await script.Opened).UserId);
    }

    [Fact]
    public async Task RequireHost_applies()
    {
        await using var server = await ChatServer.StartAsync(app => app.MapWebSocketHandler<ChatRoom>("/msg").RequireHost("chat.example"));

        Assert.Equal(HttpStatusCode.NotFound, await RefusalAsync(server, "/msg"));
        await using var client = await server.ConnectAsync("/msg", ClientSettings.WithHeader("Host", "chat.example"));
    }

    [Fact]
    public async Task A_concurrency_limit_counts_connections()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(
            app =>
            {
                app.UseRateLimiter();
                app.MapWebSocketHandler<ScriptedHandler>("/msg").RequireRateLimiting("one");
            },
            builder =>
            {
                builder.Services.AddSingleton(script);
                builder.Services.AddRateLimiter(static options =>
                {
                    options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
                    options.AddConcurrencyLimiter("one", static limit => (limit.PermitLimit, limit.QueueLimit) = (1, 0));
                });
            });
        await using (var first = await server.ConnectAsync("/msg"))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, await RefusalAsync(server, "/msg"));
            await first.CloseAsync();
        }

        await Patience.UntilAsync(
            async () =>
            {
                var refusal = await Record.ExceptionAsync(async () => await (await server.ConnectAsync("/msg")).DisposeAsync());
                return refusal is null;
            },
            "the next client may connect");
    }

    [Fact]
    public async Task Cors_and_metadata_have_no_effect()
    {
        await using var server = await ChatServer.StartAsync(
            app =>
            {
                app.UseCors();
                app.MapWebSocketHandler<ChatRoom>("/chat/{room}")
                    .RequireCors(static policy => policy.WithOrigins("https://example.com"))
                    .WithName("chat")
                    .WithMetadata("mine");
            },
            static builder => builder.Services.AddCors());

        await using var client = await server.ConnectAsync("/chat/lobby");

        var endpoint = Assert.Single(server.Services.GetRequiredService<EndpointDataSource>().Endpoints);
        Assert.Equal("WebSocket /chat/{room}", endpoint.DisplayName);
        Assert.Equal("mine", endpoint.Metadata.GetMetadata<string>());
        Assert.Equal(
            "/chat/lobby", server.Services.GetRequiredService<LinkGenerator>().GetPathByName("chat", new { room = "lobby" }));
    }

    [Fact]
    public async Task The_request_timeout_does_not_end_a_connection()
    {
        await using var server = await ChatServer.StartAsync(
            app =>
            {
                app.UseRequestTimeouts();
                app.MapWebSocketHandler<ScriptedHandler>("/msg");
                app.MapGet("/slow", static async context => await Task.Delay(Timeout.Infinite, context.RequestAborted));
            },
            static builder =>
            {
                builder.Services.AddSingleton(new Script());
                builder.Services.AddRequestTimeouts(static options =>
                    options.DefaultPolicy = new RequestTimeoutPolicy { Timeout = TimeSpan.FromMilliseconds(200) });
            });
        await using var client = await server.ConnectAsync("/msg");

        // A request that started later has timed out by now.
        using var slow = await server.Http.GetAsync(new Uri("/slow", UriKind.Relative), TestContext.Current.CancellationToken).Soon();
        Assert.Equal(HttpStatusCode.GatewayTimeout, slow.StatusCode);

        await client.SendAsync("hi");
        Assert.Equal("hi", await client.ReceiveAsync());
    }

    [Fact]
    public async Task The_application_can_accept_its_own_WebSockets()
    {
        await using var server = await ChatServer.StartAsync(app =>
        {
            app.UseWebSockets();
            app.MapWebSocketHandler<ChatRoom>("/msg");
            app.Map("/own", static async context =>
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "own", CancellationToken.None);
            });
        });
        await using var client = await server.ConnectAsync("/msg");
        await client.SendAsync("hi");
        Assert.Equal("hi", await client.ReceiveAsync());

        await using var own = await server.ConnectAsync("/own");

        Assert.Equal((WebSocketCloseStatus.NormalClosure, "own"), await own.ReceiveCloseAsync());
    }

    [Fact]
    public async Task The_base_path_and_groups_apply()
    {
        var script = new Script();
        await using var server = await ChatServer.StartAsync(
            app =>
            {
                app.UsePathBase("/base");
                app.UseRouting();
                app.MapGroup("/api").MapGroup("/{tenant}").MapWebSocketHandler<ScriptedHandler>("/chat/{room}");
            },
            builder => builder.Services.AddSingleton(script));
        await using var client = await server.ConnectAsync("/base/api/acme/chat/lobby?name=Ann");

        var connection = await script.Opened;

        Assert.Equal("lobby", connection.Room);
        Assert.Equal("acme", connection.RouteValues["tenant"]);
        Assert.Equal("/base", connection.GetHttpContext()?.Request.PathBase);
        Assert.Equal("Ann", connection.GetHttpContext()?.Request.Query["name"]);
    }

    private static async Task<HttpStatusCode> RefusalAsync(ChatServer server, string path, ClientSettings? settings = null)
    {
        var e = await Assert.ThrowsAsync<WebSocketException>(() => server.ConnectAsync(path, settings));
        return Enum.GetValues<HttpStatusCode>().Single(code => e.Message.Contains($"'{(int)code}'", StringComparison.Ordinal) && code != HttpStatusCode.SwitchingProtocols);
    }

    /// <summary>Accepts any role that the client claims.</summary>
    private sealed class TestAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Request.Headers.Authorization.ToString() is not { Length: > 0 } role)
                return Task.FromResult(AuthenticateResult.NoResult());

            Claim[] claims = [new(ClaimTypes.NameIdentifier, $"id-of-{role}"), new(ClaimTypes.Role, role)];
            var user = new ClaimsPrincipal(new ClaimsIdentity(claims, Scheme.Name));
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(user, Scheme.Name)));
        }
    }
}
