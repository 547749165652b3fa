#if (auth)
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.Cookies;

#endif
var builder = WebApplication.CreateBuilder(args);
#if (redis)
builder.Services.AddChatKit().AddRedis(builder.Configuration.GetConnectionString("Redis")!);
#else
builder.Services.AddChatKit();
#endif
#if (auth)
builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie();
builder.Services.AddAuthorization();
#endif

var app = builder.Build();
#if (page)
app.MapStaticAssets();                               // wwwroot, and the browser client of ChatKit.AspNetCore
app.MapFallbackToFile("/", "index.html");
#endif
#if (auth)

// Anyone can sign in with any name. Replace this endpoint with your own sign-in, for example with ASP.NET Core Identity.
app.MapPost("/login", (Login login) =>
{
    if (string.IsNullOrWhiteSpace(login.Name))
        return Results.BadRequest();
    var identity = new ClaimsIdentity([new(ClaimTypes.NameIdentifier, login.Name)], CookieAuthenticationDefaults.AuthenticationScheme);
    return Results.SignIn(new ClaimsPrincipal(identity));
});
app.MapGet("/me", (ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.NameIdentifier)).RequireAuthorization();

app.MapWebSocketHandler<ChatRoom>("/chat/{room}")    // the route value "room" names the room
    .RequireAuthorization();
#else
app.MapWebSocketHandler<ChatRoom>("/chat/{room}");   // the route value "room" names the room
#endif
app.Run();
#if (auth)

public sealed record Login(string Name);
#endif
