using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.SignalR;
using TeamChat;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSignalR();
builder.Services.AddSingleton<RoomHistory>();

var app = builder.Build();
app.UseMiddleware<NameFromQuery>();
app.UseDefaultFiles();
app.UseStaticFiles();
app.MapHub<ChatHub>("/chat");
app.MapPost("/announce/{room}", async (string room, [FromBody] string text, IHubContext<ChatHub> hub, RoomHistory history) =>
{
    await hub.Clients.Group(room).SendAsync("Message", room, history.Add(room, from: null, text));
});
app.Run();
