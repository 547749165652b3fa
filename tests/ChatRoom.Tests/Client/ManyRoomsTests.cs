using System.Globalization;
using ChatKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatRoom.Tests.Client;

/// <summary>The browser client with a real server, in more rooms than fit into a URL.</summary>
public class ManyRoomsTests(Browser browser)
{
    private const int Rooms = 121;
    private const int Before = 20;
    private const int Missed = 5;

    private const string Home = "lobby";

    private static readonly string[] All = [Home, .. Enumerable.Range(1, Rooms - 1).Select(NameOf)];

    [Fact]
    public async Task Each_missed_message_of_121_rooms_arrives_exactly_once_or_in_a_reported_gap()
    {
        await using var app = Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
        var broadcaster = app.Services.GetRequiredService<IRoomBroadcaster>();
        await BroadcastAsync(broadcaster, Before, "old");
        await using var page = await ClientPage.ConnectAsync(browser, new Uri(app.Urls.First()));
        await page.ExpectAsync("all('live', 'room').length", $"{Rooms}");
        await page.ExpectAsync("all('message', 'data').length", $"{Rooms * Before}");
        await page.Page.Context.SetOfflineAsync(true);
        await page.ExpectAsync("chat.state", "\"offline\"");
        await page.RunAsync("events.length = 0");

        await BroadcastAsync(broadcaster, Missed, "missed");
        for (var i = 0; i < 150 - Missed; i++)
            await broadcaster.BroadcastAsync(All[^1], "too many");
        await page.Page.Context.SetOfflineAsync(false);

        await page.ExpectAsync("all('live', 'room').length", $"{Rooms}");
        await page.ExpectAsync("all('live', 'recovered').filter(Boolean).length", $"{Rooms - 1}");
        await page.ExpectAsync("all('gap', 'room', 'missed', 'reset')", $"""[["{All[^1]}",50,false]]""");
        await page.ExpectAsync("all('message', 'data').filter((data) => data.startsWith('old')).length", "0");
        await page.ExpectAsync("all('message', 'data').filter((data) => data === 'too many').length", "100");
        await page.ExpectAsync(
            "all('message', 'room', 'data').filter(([, data]) => data.startsWith('missed')).map(([room, data]) => `${room} ${data}`).sort()",
            $"[{string.Join(',', Expected().Order(StringComparer.Ordinal).Select(static one => $"\"{one}\""))}]");
        Assert.Empty(page.Problems);
    }

    [Fact]
    public async Task The_clients_own_messages_to_others_are_not_missing()
    {
        await using var app = Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
        var broadcaster = app.Services.GetRequiredService<IRoomBroadcaster>();
        await broadcaster.BroadcastAsync(Home, "old");
        await using var page = await ClientPage.ConnectAsync(browser, new Uri(app.Urls.First()));
        await page.ExpectAsync("chat.state", "\"live\"");
        await page.SendAsync("for others");
        await page.ExpectAsync("chat.pending.length", "0");
        await broadcaster.BroadcastAsync(Home, "for all");
        await page.SendAsync("for others again");
        await page.ExpectAsync("chat.pending.length", "0");

        await page.RunAsync("chat.reconnect()");
        await page.ExpectAsync("all('state', 'state').at(-1)", "\"live\"");
        await broadcaster.BroadcastAsync(Home, "for all again");

        await page.ExpectAsync("all('message', 'data').at(-1)", "\"for all again\"");
        await page.ExpectAsync("all('gap', 'missed')", "[]");
    }

    /// <summary>Every other name is long, and even longer in a URL.</summary>
    private static string NameOf(int index) =>
        index % 2 == 0 ? $"room-{index}" : $"房间{string.Concat(Enumerable.Repeat("很长的名字", 12))}{index}";

    private static async Task BroadcastAsync(IRoomBroadcaster broadcaster, int count, string text)
    {
        for (var i = 0; i < count; i++)
        {
            foreach (var room in All)
                await broadcaster.BroadcastAsync(room, string.Create(CultureInfo.InvariantCulture, $"{text} {i}"));
        }
    }

    /// <summary>All missed messages, except those of the room whose history is too small.</summary>
    private static IEnumerable<string> Expected() =>
        All[..^1].SelectMany(static room => Enumerable.Range(0, Missed).Select(i => $"{room} missed {i}"));

    private static WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddChatKit();
        var app = builder.Build();
        app.MapGet("/", () => Results.Content("<!doctype html><title>chatkit.js</title>", "text/html"));
        ScriptedServer.MapClient(app);
        app.MapWebSocketHandler<InAllRooms>("/chat/{room}");
        return app;
    }

    private sealed class InAllRooms : WebSocketHandler
    {
        protected override async ValueTask OnOpenAsync()
        {
            foreach (var room in All[1..])
                await JoinAsync(room);
        }

        protected override ValueTask OnMessageAsync(WebSocketMessage message) =>
            BroadcastAsync(message.Text, new BroadcastOptions { Audience = Audience.Others });
    }
}
