using ChatKit;

namespace ChatRoom.Tests.Client;

/// <summary>What users have read, with the browser client and a real server.</summary>
public class ReadingTests(Browser browser)
{
    [Fact]
    public async Task A_page_shows_what_was_read_on_another_device_and_by_others()
    {
        await using var server = await RealServer.StartAsync<Room>(
            static options => (options.AllowClientJoins, options.TrackReads, options.ShareReads) = (true, true, true));
        for (var i = 0; i < 9; i++)
            await server.Broadcaster.BroadcastAsync("team", $"{i}");
        await using var ann = await ConnectAsync(server, "ann");
        await using var bob = await ConnectAsync(server, "bob");
        foreach (var page in new[] { ann, bob })
            await page.ExpectAsync("all('live', 'room', 'read', 'unread').filter(([room]) => room === 'team')", """[["team",null,9]]""");

        await ann.RunAsync("for (const position of all('message', 'position').slice(0, 7)) team.read(position);");

        const string Read = "all('read', 'user', 'position').map(([user, position]) => user + position.split(':')[1]).at(-1)";
        await ann.ExpectAsync(Read, "\"ann7\"");
        await bob.ExpectAsync(Read, "\"ann7\"");
        await using var phone = await ConnectAsync(server, "ann");
        await phone.ExpectAsync("all('live', 'room', 'unread').filter(([room]) => room === 'team')", """[["team",2]]""");
        await phone.ExpectAsync("all('live', 'read').filter(Boolean)[0] === all('message', 'position')[6]", "true");
        Assert.Empty(ann.Problems.Concat(bob.Problems));
    }

    [Fact]
    public async Task What_the_user_reads_while_the_connection_is_lost_counts()
    {
        await using var server = await RealServer.StartAsync<Room>(static options => (options.AllowClientJoins, options.TrackReads) = (true, true));
        for (var i = 0; i < 9; i++)
            await server.Broadcaster.BroadcastAsync("team", $"{i}");
        await using var ann = await ConnectAsync(server, "ann");
        await ann.ExpectAsync("all('live', 'room').length", "2");
        await ann.Page.Context.SetOfflineAsync(true);
        await ann.ExpectAsync("chat.state", "\"offline\"");

        await ann.RunAsync("team.read(all('message', 'position')[3]); team.read(all('message', 'position')[5]);");
        await ann.Page.Context.SetOfflineAsync(false);

        await ann.ExpectAsync("all('read', 'position').map((position) => position.split(':')[1])", """["6"]""");
        await ann.RunAsync("chat.reconnect();");
        await ann.ExpectAsync("all('live', 'room', 'unread').filter(([room]) => room === 'team').at(-1)", """["team",3]""");
    }

    private async Task<ClientPage> ConnectAsync(RealServer server, string name)
    {
        var page = await ClientPage.ConnectAsync(browser, server.Address, url: $"chat/lobby?name={name}");
        await page.RunAsync("window.team = chat.join('team');");
        return page;
    }

    private sealed class Room : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
    }
}
