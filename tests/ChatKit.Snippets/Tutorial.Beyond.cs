using System.Security.Claims;

var builder = WebApplication.CreateBuilder(args);
var chatKit = builder.Services.AddChatKit();
if (builder.Configuration["redis"] is { } redis)
    chatKit.AddRedis(redis);
builder.Services.AddAuthentication("Cookies").AddCookie();
builder.Services.AddAuthorization();
var app = builder.Build();
app.UseFileServer();
app.MapPost("/sign-in", (string name) =>  // A real application asks for a password.
    Results.SignIn(new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", name)], "name"))));
app.MapWebSocketHandler<Chat>("/chat/{room}", options =>
{
    options.AllowClientJoins = true;
    options.TrackPresence = true;
}).RequireAuthorization();
app.Run();

public sealed class Chat : WebSocketHandler
{
    protected override ValueTask<bool> AuthorizeRoomAsync(string room) =>
        ValueTask.FromResult(room != "staff" || Connection.UserId == "ann");

    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
}
