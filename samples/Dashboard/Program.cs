using Dashboard;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
builder.Services.AddChatKit();
builder.Services.AddHostedService<Sensors>();

var app = builder.Build();
app.UseFileServer();
app.MapWebSocketHandler<Viewer>("/live", options =>
{
    options.HomeRoom = _ => Sensors.Room;
    options.HistoryCapacity = Sensors.Shown; // A new page draws these at once.
    options.ReplayLimit = Sensors.Shown;
});
app.Run();
