using System.Security.Claims;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace ChatKit.Snippets;

public sealed record Note(string Text);

[JsonSerializable(typeof(Note))]
internal sealed partial class ChatJson : JsonSerializerContext;

public sealed class Notes : WebSocketHandler
{
    protected override async ValueTask OnMessageAsync(WebSocketMessage message)
    {
        if (message.TryReadJson(ChatJson.Default.Note, out var note)) // ChatJson: your JsonSerializerContext
            await BroadcastAsync(note.Text);
    }
}

internal static class Redis
{
    public static void TurnOn(WebApplicationBuilder builder)
    {
        builder.Services.AddChatKit().AddRedis("localhost:6379");
    }
}

internal static class Operations
{
    public static void Collect(WebApplicationBuilder builder)
    {
        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter(ChatKitTelemetry.MeterName))
            .WithTracing(traces => traces.AddSource(ChatKitTelemetry.ActivitySourceName))
            .WithLogging()
            .UseOtlpExporter();
    }

    public static void CheckHealth(WebApplicationBuilder builder)
    {
        builder.Services.AddHealthChecks().AddChatKit(tags: ["ready"]);
    }

    public static void MapHealth(WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false }); // Runs no checks: any answer means that the process is alive.
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
    }
}

internal static class Performance
{
    public static void Recommend(WebApplicationBuilder builder)
    {
        builder.WebHost.UseChatKitSockets();
        builder.WebHost.UseSockets(static options => options.UnsafePreferInlineScheduling = true);
        builder.WebHost.ConfigureKestrel(static kestrel =>
            kestrel.ConfigureEndpointDefaults(static listen => listen.UseChatKitConnections()));
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.ListenAnyIP(443, static listen =>
        {
            listen.UseHttps();
            listen.UseChatKitConnections();
        }));
    }
}

public sealed class Lobby(ILogger<Lobby> logger) : WebSocketHandler
{
    protected override async ValueTask OnOpenAsync()
    {
        if (Connection.UserId is null)
            await CloseAsync(WebSocketCloseStatus.PolicyViolation, "who are you?");
    }

    protected override async ValueTask OnMessageAsync(WebSocketMessage message)
    {
        await SendAsync($"you said: {message.Text}");
        await BroadcastAsync(message.Text, new BroadcastOptions { Audience = Audience.Others });
    }

    protected override ValueTask OnCloseAsync(CloseInfo close)
    {
        logger.LogInformation("{User} left {Room} with {Code}", Connection.UserId, Room, (int)close.Code);
        return ValueTask.CompletedTask;
    }
}

public sealed class Clock(IRoomBroadcaster rooms) : BackgroundService
{
    private static readonly RoomBroadcastOptions Unstored = new() { Store = false };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1));
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await rooms.BroadcastAsync("/lobby", $"It is {DateTime.Now:t}.", Unstored, stoppingToken);
    }
}

internal static class Endpoint
{
    public static void Map(WebApplication app)
    {
        app.MapWebSocketHandler<Lobby>("/lobby", options =>
        {
            options.AllowedOrigins.Add("https://www.example.com");
            options.HistoryCapacity = 500;
            options.MaxMessageSize = 16 * 1024;
        }).RequireAuthorization();
        app.MapWebSocketHandler<ChatRoom>("/chat/{room}", options => options.TrackPresence = true);
        app.MapWebSocketHandler<Members>("/chat/{room}", options => options.AllowClientJoins = true);
        app.MapWebSocketHandler<ChatRoom>("/chat/{room}", options => options.TrackReads = true);
        app.MapWebSocketHandler<ChatRoom>("/chat/{room}", options => options.AddFilter<NoShouting>());
        app.MapWebSocketHandler<ChatRoom>("/chat/{room}", options => options.Transports = ChatTransports.All);
        app.MapGet("/unread", async (string[] room, ClaimsPrincipal user, IRoomReads reads) =>
            await reads.GetUnreadAsync(user.FindFirst("sub")!.Value, room));
        app.MapWebSocketHandler<ChatRoom>("/chat/{room}", options =>
            options.HomeRoom = context => $"{context.User.FindFirst("tenant")!.Value}/{context.Request.RouteValues["room"]}")
            .RequireAuthorization(policy => policy.RequireClaim("tenant"));
    }
}

public sealed class Patient : WebSocketHandler
{
    protected override async ValueTask OnMessageAsync(WebSocketMessage message)
    {
        try
        {
            await BroadcastAsync(message.Text);
        }
        catch (HistoryUnavailableException)
        {
            await SendAsync("Your message could not be stored. Please try again.");
        }
    }
}

internal static class UnitTest
{
    public static async Task Greets(WebSocketConnection connection)
    {
        var driver = new WebSocketHandlerDriver(new ChatRoom(), connection); // new Mock<WebSocketConnection>().Object, for example
        await driver.OpenAsync();
        await driver.ReceiveAsync(new WebSocketMessage("hello"));
    }
}

public interface IMembership
{
    ValueTask<bool> ContainsAsync(string room, string user, CancellationToken cancellationToken);
}

public sealed class Members(IMembership membership) : WebSocketHandler
{
    protected override async ValueTask<bool> AuthorizeRoomAsync(string room) =>
        Connection.UserId is { } user && await membership.ContainsAsync(room, user, Connection.Aborted);

    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
}

public sealed class Authors : WebSocketHandler
{
    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);

    protected override async ValueTask OnEditAsync(EditRequest request)
    {
        if (request.Original.From is null || request.Original.From != Connection.UserId)
            throw new MessageRefusedException("forbidden", "Only its author can edit a message.");
        await EditAsync(request.Position, request.Message.Text);
    }
}

internal static class Moving
{
    public static async Task MoveAsync(IRoomBroadcaster rooms)
    {
        await rooms.JoinUserAsync("anna", "team-7");                             // rooms: IRoomBroadcaster
        await rooms.LeaveUserAsync("anna", "team-7", "The team was closed.");
        var joined = await rooms.GetRoomsAsync("anna");
        Console.WriteLine(string.Join(", ", joined));
    }
}

public sealed record Profile(string? Name);

[JsonSerializable(typeof(Profile))]
internal sealed partial class ProfileJson : JsonSerializerContext;

public sealed class Named : WebSocketHandler
{
    protected override ValueTask OnOpenAsync() =>
        Connection.SetPresenceAsync(new Profile(Connection.User.Identity?.Name), ProfileJson.Default.Profile); // your JsonSerializerContext

    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
}

public sealed class Typing : WebSocketHandler
{
    protected override ValueTask OnSignalAsync(RoomSignal signal) => SignalAsync(signal.Name, signal.Data, signal.Room);

    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
}

internal static class Defaults
{
    public static void Configure(WebApplicationBuilder builder)
    {
        builder.Services.Configure<WebSocketEndpointOptions>(builder.Configuration.GetSection("Chat"));
        builder.Services.Configure<WebSocketEndpointOptions>(options => options.MaxMessagesPerSecond = 20);
    }

    public static void IdentifyUsers(WebApplicationBuilder builder)
    {
        builder.Services.AddChatKit(options => options.UserId = user => user.FindFirst("employee_id")?.Value);
    }

    public static async Task<MessagePosition?> NotifyOnceAsync(IRoomBroadcaster rooms)
    {
        var position = await rooms.BroadcastAsync("orders", "Order 4711 was shipped.", new RoomBroadcastOptions { IdempotencyKey = "shipped-4711" });
        return position;
    }
}

public interface IMutes
{
    ValueTask<bool> IsMutedAsync(string? user);
}

public sealed class Moderated(IMutes mutes) : WebSocketHandler
{
    protected override async ValueTask OnMessageAsync(WebSocketMessage message)
    {
        if (await mutes.IsMutedAsync(Connection.UserId))
            throw new MessageRefusedException("muted", "You can't write until the moderator lets you.");
        await BroadcastAsync(message.Text);
    }
}

public interface IArchive
{
    Task AddAsync(string room, MessagePosition? position, string text);
}

public sealed class Archive : WebSocketHandler
{
    protected override async ValueTask OnMessageAsync(WebSocketMessage message)
    {
        var position = await PublishAsync(message.Text);
        await using var scope = CreateScope();
        await scope.ServiceProvider.GetRequiredService<IArchive>().AddAsync(message.Room, position, message.Text);
    }
}

public sealed class NoShouting : IWebSocketHandlerFilter
{
    public ValueTask OnMessageAsync(WebSocketConnection connection, WebSocketMessage message, Func<WebSocketMessage, ValueTask> next) =>
        IsShouted(message) ? throw new MessageRefusedException("shouting", "Please don't shout.") : next(message);

    public ValueTask OnEditAsync(WebSocketConnection connection, EditRequest request, Func<EditRequest, ValueTask> next) =>
        IsShouted(request.Message) ? throw new MessageRefusedException("shouting", "Please don't shout.") : next(request);

    private static bool IsShouted(WebSocketMessage message) => !message.Text.Any(char.IsLower);
}
