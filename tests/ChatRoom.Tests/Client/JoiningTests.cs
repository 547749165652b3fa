using System.Globalization;
using ChatKit;

namespace ChatRoom.Tests.Client;

/// <summary>The browser client in rooms that it joins, with a real server.</summary>
public class JoiningTests(Browser browser)
{
    private const int Rooms = 1000;

    [Fact]
    public async Task People_in_several_rooms_exchange_messages_on_one_connection_each()
    {
        await using var server = await StartAsync();
        await using var ann = await ClientPage.ConnectAsync(browser, server.Address);
        await using var bob = await ClientPage.ConnectAsync(browser, server.Address);
        await ann.RunAsync("window.team = chat.join('team'); window.secret = chat.join('secret'); secret.send('let me in').catch(() => {});");
        await bob.RunAsync("window.team = chat.join('team');");
        foreach (var page in new[] { ann, bob })
            await page.ExpectAsync("all('live', 'room').sort()", """["lobby","team"]""");

        await ann.RunAsync("team.send('to the team').then(({ room, position }) => { window.sent = [room, position]; });");
        await bob.SendAsync("to the lobby");

        foreach (var page in new[] { ann, bob })
            await page.ExpectAsync("all('message', 'room', 'data').sort()", """[["lobby","to the lobby"],["team","to the team"]]""");
        await ann.ExpectAsync("all('message', 'room', 'position').filter(([room]) => room === 'team')[0].join() === sent.join()", "true");
        await ann.ExpectAsync("all('error', 'room', 'kind')", """[["secret",null],["secret","message"]]""");
        await ann.ExpectAsync("all('error', 'code')[0]", "\"forbidden\"");

        await ann.RunAsync("team.leave();");
        await bob.RunAsync("team.send('without ann').then(() => chat.send('for all'));");
        await ann.ExpectAsync("all('message', 'data').at(-1)", "\"for all\"");
        await ann.ExpectAsync("all('message', 'room').filter((room) => room === 'team').length", "1");
        Assert.Empty(ann.Problems);
        Assert.Empty(bob.Problems);
    }

    [Fact]
    public async Task The_server_takes_a_user_out_of_a_room()
    {
        await using var server = await StartAsync();
        await using var ann = await ClientPage.ConnectAsync(browser, server.Address, url: "chat/lobby?name=ann");
        await ann.RunAsync("window.team = chat.join('team');");
        await ann.ExpectAsync("all('live', 'room').sort()", """["lobby","team"]""");

        await server.Broadcaster.LeaveUserAsync("ann", "team", "The team was closed.");

        await ann.ExpectAsync("all('left', 'room', 'reason')", """[["team","The team was closed."]]""");
        await server.Broadcaster.BroadcastAsync("team", "without ann");
        await server.Broadcaster.BroadcastAsync("lobby", "for all");
        await ann.ExpectAsync("all('message', 'data')", """["for all"]""");
    }

    [Fact]
    public async Task A_client_resumes_1000_rooms_with_each_missed_message_exactly_once()
    {
        await using var server = await StartAsync();
        await BroadcastAsync(server.Broadcaster, "old");
        await using var page = await ClientPage.ConnectAsync(browser, server.Address);
        await page.RunAsync($"for (let i = 0; i < {Rooms}; i++) chat.join(`room-${{i}}`);");
        await page.ExpectAsync("all('live', 'room').length", $"{Rooms + 1}");
        await page.ExpectAsync("all('message', 'data').length", $"{Rooms}");
        await page.Page.Context.SetOfflineAsync(true);
        await page.ExpectAsync("chat.state", "\"offline\"");
        await page.RunAsync("events.length = 0");

        await BroadcastAsync(server.Broadcaster, "missed");
        await page.Page.Context.SetOfflineAsync(false);

        await page.ExpectAsync("all('live', 'room').length", $"{Rooms + 1}");
        await page.ExpectAsync("all('live', 'recovered').every(Boolean)", "true");
        await page.ExpectAsync("all('message', 'data').filter((data) => data === 'missed').length", $"{Rooms}");
        await page.ExpectAsync("[new Set(all('message', 'room')).size, all('message', 'data').length]", $"[{Rooms},{Rooms}]");
        await page.ExpectAsync("[all('gap', 'room'), all('error', 'code')]", "[[],[]]");
    }

    private static async Task BroadcastAsync(IRoomBroadcaster broadcaster, string text)
    {
        for (var i = 0; i < Rooms; i++)
            await broadcaster.BroadcastAsync(string.Create(CultureInfo.InvariantCulture, $"room-{i}"), text);
    }

    private static Task<RealServer> StartAsync() => RealServer.StartAsync<ChatRoom>(
        static options => options.AllowClientJoins = true, static options => options.MaxRoomsPerConnection = Rooms + 1);

    private sealed class ChatRoom : WebSocketHandler
    {
        protected override ValueTask<bool> AuthorizeRoomAsync(string room) => ValueTask.FromResult(room != "secret");

        protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
    }
}
