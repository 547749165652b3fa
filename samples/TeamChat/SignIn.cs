using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace TeamChat;

/// <summary>Authentication: a cookie for the page, and a JWT for other clients.</summary>
internal static class SignIn
{
    private const string Any = "CookieOrToken";

    /// <summary>Precedes the token in the subprotocols of clients that can't set a header.</summary>
    private const string Prefix = "bearer.";

    private static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(15);

    public static void AddSignIn(this IServiceCollection services, Secrets secrets)
    {
        services.AddAuthorization();

        // A body without a name or a password is a bad request. The default would set them to null, whatever their types say.
        services.ConfigureHttpJsonOptions(static options =>
        {
            options.SerializerOptions.RespectNullableAnnotations = true;
            options.SerializerOptions.RespectRequiredConstructorParameters = true;
        });
        services.AddAuthentication(Any)
            .AddPolicyScheme(Any, null, static options => options.ForwardDefaultSelector = static context =>
                context.Request.Headers.Authorization.Count > 0 || TokenOf(context) is not null
                    ? JwtBearerDefaults.AuthenticationScheme
                    : CookieAuthenticationDefaults.AuthenticationScheme)
            .AddCookie(options =>
            {
                options.DataProtectionProvider = secrets.Cookies;
                options.Cookie.Name = "teamchat";
                options.Cookie.SameSite = SameSiteMode.Strict;
                options.Events.OnRedirectToLogin = static context => // The page shows a form itself.
                {
                    context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                    return Task.CompletedTask;
                };
            })
            .AddJwtBearer(options =>
            {
                options.MapInboundClaims = false;
                options.TokenValidationParameters = new TokenValidationParameters
                {
                    IssuerSigningKey = secrets.Tokens,
                    ValidIssuer = Secrets.Issuer,
                    ValidAudience = Secrets.Issuer,
                };
                options.Events = new JwtBearerEvents
                {
                    OnMessageReceived = static context =>
                    {
                        context.Token = TokenOf(context.HttpContext);
                        return Task.CompletedTask;
                    },
                };
            });
    }

    public static void MapSignIn(this WebApplication app, Secrets secrets)
    {
        app.MapGet("/api/me", static (ClaimsPrincipal user) => new Me(user.FindFirstValue("sub")!, Accounts.RoomsOf(user.FindFirstValue("sub")!)))
            .RequireAuthorization();
        app.MapPost("/api/sign-in", static (Credentials credentials, Accounts accounts) => accounts.Verify(credentials.Name, credentials.Password)
            ? Results.SignIn(Principal(credentials.Name), authenticationScheme: CookieAuthenticationDefaults.AuthenticationScheme)
            : Results.Unauthorized());
        app.MapPost("/api/sign-out", static () => Results.SignOut(authenticationSchemes: [CookieAuthenticationDefaults.AuthenticationScheme]));
        app.MapPost("/api/token", (Credentials credentials, Accounts accounts) => accounts.Verify(credentials.Name, credentials.Password)
            ? Results.Text(CreateToken(credentials.Name, secrets))
            : Results.Unauthorized());
    }

    private static ClaimsPrincipal Principal(string name) => new(new ClaimsIdentity([new Claim("sub", name)], "password"));

    private static string CreateToken(string name, Secrets secrets) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Secrets.Issuer,
        Audience = Secrets.Issuer,
        Subject = new ClaimsIdentity([new Claim("sub", name)]),
        Expires = DateTime.UtcNow + TokenLifetime,
        SigningCredentials = new SigningCredentials(secrets.Tokens, SecurityAlgorithms.HmacSha256),
    });

    private static string? TokenOf(HttpContext context) => context.WebSockets.WebSocketRequestedProtocols
        .FirstOrDefault(static offered => offered.StartsWith(Prefix, StringComparison.Ordinal))?[Prefix.Length..];

    private sealed record Credentials(string Name, string Password);

    private sealed record Me(string Name, IEnumerable<string> Rooms);
}
