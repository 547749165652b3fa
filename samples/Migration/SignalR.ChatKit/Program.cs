using Microsoft.AspNetCore.Mvc;
using TeamChat;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddChatKit();

var app = builder.Build();
app.UseMiddleware<NameFromQuery>();
app.UseDefaultFiles();
app.UseStaticFiles();
app.MapWebSocketHandler<ChatHandler>("/chat/{room}", options =>
{
    options.AllowClientJoins = true;
    options.Transports = ChatTransports.All;
});
app.MapPost("/announce/{room}", async (string room, [FromBody] string text, IRoomBroadcaster rooms) =>
{
    await rooms.BroadcastAsync(room, text);
});
app.Run();
