using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using ChatKit;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ChatRoom.Tests.Client;

/// <summary>The tokens of browser clients that talk expire on a real server, whose clock only the test advances.</summary>
public sealed class RenewalTests(Browser browser)
{
    private const int Clients = 10;

    /// <summary>That of the first token of each client. Before it has passed on their clocks, they move.</summary>
    private static readonly TimeSpan FirstLifetime = TimeSpan.FromSeconds(2.5);

    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private readonly ConcurrentDictionary<string, int> _tokens = []; // the number of tokens of each client

    [Fact]
    public async Task No_client_whose_credentials_expire_is_without_a_live_connection_and_nothing_is_lost_or_doubled()
    {
        await using var app = await StartAsync();
        await using var clients = await TalkingClients.OpenAsync(browser, new Uri(app.Urls.Single()), Clients, hasTokens: true);
        await clients.MovedAsync();
        Assert.All(_tokens.Values, static count => Assert.Equal(2, count));

        _clock.Advance(FirstLifetime);

        await clients.TalkAsync();
        await clients.VerifyAsync(minOverlaps: Clients);
        Assert.All(_tokens.Values, static count => Assert.Equal(2, count));
    }

    private async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(_clock);
        builder.Services.AddChatKit(static options => options.HistoryCapacity = 10_000);
        builder.Services.AddAuthorization();
        builder.Services.AddAuthentication(Tokens.Name).AddScheme<AuthenticationSchemeOptions, Tokens>(Tokens.Name, null);
        var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/", () => Results.Content("<!doctype html><title>chatkit.js</title>", "text/html"));
        app.MapGet("/token", (string name) =>
        {
            var lifetime = _tokens.AddOrUpdate(name, 1, static (_, count) => count + 1) == 1 ? FirstLifetime : TimeSpan.FromHours(1);
            return Results.Text(Tokens.Create(name, _clock.GetUtcNow() + lifetime));
        });
        ScriptedServer.MapClient(app);
        app.MapWebSocketHandler<Echo>("/chat/{room}", static options => options.ReplayLimit = 10_000).RequireAuthorization();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private sealed class Echo : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
    }

    /// <summary>Tokens that state a user and when they expire, and that nobody has signed.</summary>
    private sealed class Tokens(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        public const string Name = "Tokens";

        private const string Prefix = "bearer.";

        public static string Create(string name, DateTimeOffset expires) =>
            string.Create(CultureInfo.InvariantCulture, $"{name}.{expires.ToUnixTimeMilliseconds()}");

        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            var offered = Context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(
                static protocol => protocol.StartsWith(Prefix, StringComparison.Ordinal));
            if (offered?[Prefix.Length..].Split('.') is not [var name, var expires])
                return Task.FromResult(AuthenticateResult.NoResult());
            var user = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, name)], Name));
            var properties = new AuthenticationProperties
            {
                ExpiresUtc = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(expires, CultureInfo.InvariantCulture)),
            };
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(user, properties, Name)));
        }
    }
}
