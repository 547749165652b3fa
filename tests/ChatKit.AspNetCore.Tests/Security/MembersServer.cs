using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace ChatKit.AspNetCore.Tests.Security;

/// <summary>
/// An application with real cookies and bearer tokens, in which only members may chat. Only the test advances its clock.
/// </summary>
internal sealed class MembersServer(ChatServer server, FakeTimeProvider clock) : IAsyncDisposable
{
    private const string Either = "either";

    private static readonly SymmetricSecurityKey Key = new(Encoding.ASCII.GetBytes("a key of 256 bits that is no secret"));

    public ChatServer Server => server;

    public FakeTimeProvider Clock => clock;

    public static async Task<MembersServer> StartAsync(Script script, Action<WebSocketEndpointOptions>? configure = null)
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var server = await ChatServer.StartAsync(
            app =>
            {
                app.MapGet("/login", (HttpContext context, string role, int minutes) => context.SignInAsync(
                    CookieAuthenticationDefaults.AuthenticationScheme,
                    new ClaimsPrincipal(new ClaimsIdentity(Claims(role), CookieAuthenticationDefaults.AuthenticationScheme)),
                    new AuthenticationProperties { ExpiresUtc = clock.GetUtcNow().AddMinutes(minutes) }));
                app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}", options =>
                {
                    options.PingInterval = Timeout.InfiniteTimeSpan; // The test's clock advances in steps that are too large for pings.
                    configure?.Invoke(options);
                }).RequireAuthorization("members");
            },
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(clock).AddSingleton(script);
                builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
                builder.Services.AddAuthorization(static options => options.AddPolicy("members", static policy => policy.RequireRole("member")));
                builder.Services.AddAuthentication(Either)
                    .AddPolicyScheme(Either, null, static options => options.ForwardDefaultSelector = static context =>
                        context.Request.Cookies.Count > 0 ? CookieAuthenticationDefaults.AuthenticationScheme : JwtBearerDefaults.AuthenticationScheme)
                    .AddCookie(static options => options.SlidingExpiration = false)
                    .AddJwtBearer(Configure);
            });
        return new MembersServer(server, clock);
    }

    /// <summary>Creates a bearer token for a user in a role, which is valid for some minutes.</summary>
    public static string Token(string role = "member", int minutes = 10)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = "tests",
            Audience = "chat",
            Subject = new ClaimsIdentity(Claims(role)),
            NotBefore = now.AddHours(-1),
            IssuedAt = now.AddHours(-1),
            Expires = now.AddMinutes(minutes),
            SigningCredentials = new SigningCredentials(Key, SecurityAlgorithms.HmacSha256),
        });
    }

    /// <summary>Logs a user in. Returns the cookie.</summary>
    public async Task<string> LogInAsync(string role = "member", int minutes = 10)
    {
        using var http = new HttpClient(); // The shared client would keep the cookie and send it with every request.
        using var response = await http.GetAsync(
            new Uri(server.Address, $"/login?role={role}&minutes={minutes}"), TestContext.Current.CancellationToken);
        return Assert.Single(response.Headers.GetValues("Set-Cookie")).Split(';')[0];
    }

    public Task<ChatClient> ConnectWithCookieAsync(string cookie) =>
        server.ConnectAsync("/chat/lobby", ClientSettings.WithHeader("Cookie", cookie));

    public Task<ChatClient> ConnectWithTokenAsync(string token) =>
        server.ConnectAsync("/chat/lobby", ClientSettings.WithHeader("Authorization", $"Bearer {token}"));

    public ValueTask DisposeAsync() => server.DisposeAsync();

    /// <summary>The same code as in docs/how-to/authentication.md.</summary>
    private static void Configure(JwtBearerOptions options)
    {
        options.TokenValidationParameters = new TokenValidationParameters { ValidIssuer = "tests", ValidAudience = "chat", IssuerSigningKey = Key };
        options.Events = new JwtBearerEvents
        {
            OnMessageReceived = static context =>
            {
                const string Prefix = "bearer.";
                context.Token = context.HttpContext.WebSockets.WebSocketRequestedProtocols
                    .FirstOrDefault(static offered => offered.StartsWith(Prefix, StringComparison.Ordinal))?[Prefix.Length..];
                if (context.Request.Path.StartsWithSegments("/chat"))
                    context.Token ??= context.Request.Query["access_token"];
                return Task.CompletedTask;
            },
        };
    }

    private static Claim[] Claims(string role) => [new(ClaimTypes.NameIdentifier, $"id-of-{role}"), new(ClaimTypes.Role, role)];
}
