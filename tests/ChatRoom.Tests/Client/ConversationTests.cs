using System.Globalization;
using ChatKit;

namespace ChatRoom.Tests.Client;

/// <summary>The browser client's changes and older messages, with a real server.</summary>
public class ConversationTests(Browser browser)
{
    private const string Ann = "chat/lobby?name=ann";
    private const string Bob = "chat/lobby?name=bob";

    /// <summary>What a page shows: the messages by position, in order, as they are now.</summary>
    private const string Shown = """
        events.reduce((shown, { type, position, data, deleted }) => {
          if (type === 'message' || (type === 'change' && shown.has(position))) shown.set(position, deleted ? 'deleted' : data);
          return shown;
        }, new Map()).values().toArray()
        """;

    [Fact]
    public async Task Authors_edit_and_delete_their_messages_and_everyone_sees_it()
    {
        await using var server = await RealServer.StartAsync<Authors>(static options => options.AllowClientJoins = true);
        await using var ann = await ClientPage.ConnectAsync(browser, server.Address, url: Ann);
        await using var bob = await ClientPage.ConnectAsync(browser, server.Address, url: Bob);
        foreach (var page in new[] { ann, bob })
        {
            await page.RunAsync("window.team = chat.join('team');");
            await page.ExpectAsync("all('live', 'room').sort()", """["lobby","team"]""");
        }

        await ann.RunAsync("""
            (async () => {
              const { position } = await chat.send('one');
              await team.send('two');
              window.third = (await team.send('three')).position;
              await chat.edit(position, 'ONE');
              await team.delete(third);
            })();
            """);

        foreach (var page in new[] { ann, bob })
            await page.ExpectAsync(Shown + ".sort()", """["ONE","deleted","two"]""");
        await bob.ExpectAsync("all('change', 'room', 'by', 'deleted')", """[["lobby","ann",false],["team","ann",true]]""");
        await bob.RunAsync("team.edit(events.find(({ data }) => data === 'two').position, 'mine').catch(({ code }) => { window.code = code; });");
        await bob.ExpectAsync("window.code", "\"forbidden\"");
        await ann.RunAsync("team.edit(third, 'again').catch(({ code }) => { window.code = code; });");
        await ann.ExpectAsync("window.code", "\"gone\"");
        Assert.Empty(ann.Problems.Concat(bob.Problems));
    }

    [Fact]
    public async Task A_client_that_was_away_shows_the_messages_as_they_are_now()
    {
        await using var server = await RealServer.StartAsync<Authors>(static options => options.AllowClientJoins = true);
        var positions = new List<MessagePosition>();
        foreach (var room in new[] { "lobby", "team" })
        {
            for (var i = 0; i < 4; i++)
                positions.Add((await server.Broadcaster.BroadcastAsync(room, $"{room} {i}")).GetValueOrDefault());
        }

        await server.Broadcaster.EditAsync("team", positions[4], "edited before");
        await using var page = await ClientPage.ConnectAsync(browser, server.Address, url: Ann);
        await page.RunAsync("chat.join('team');");
        await page.ExpectAsync("all('message', 'data').length", "8");
        await page.ExpectAsync("all('message', 'edited').filter(Boolean).length", "1");
        await page.ExpectAsync("all('live', 'room').length", "2");
        await page.Page.Context.SetOfflineAsync(true);
        await page.ExpectAsync("chat.state", "\"offline\"");
        await server.Broadcaster.DeleteAsync("lobby", positions[3]);
        await server.Broadcaster.EditAsync("lobby", positions[0], "edited");
        await server.Broadcaster.EditAsync("team", positions[7], "edited once");
        await server.Broadcaster.EditAsync("team", positions[7], "edited twice");
        await server.Broadcaster.BroadcastAsync("team", "new");
        await page.Page.Context.SetOfflineAsync(false);

        await page.ExpectAsync("all('live', 'recovered')", "[false,false,true,true]");
        await page.ExpectAsync(
            Shown + ".sort()",
            """["deleted","edited","edited before","edited twice","lobby 1","lobby 2","new","team 1","team 2"]""");
        await page.ExpectAsync("all('change', 'data').length", "3");
        await page.ExpectAsync("all('gap', 'room')", "[]");
    }

    [Fact]
    public async Task A_page_that_scrolls_up_receives_all_older_messages_once()
    {
        await using var server = await RealServer.StartAsync<Authors>(static options => (options.AllowClientJoins, options.ReplayLimit) = (true, 10));
        for (var i = 0; i < 95; i++)
            await server.Broadcaster.BroadcastAsync("team", i.ToString(CultureInfo.InvariantCulture));
        await using var page = await ClientPage.ConnectAsync(browser, server.Address, url: Ann);
        await page.RunAsync("window.team = chat.join('team');");
        await page.ExpectAsync("all('live', 'room').length", "2");

        await page.RunAsync("""
            window.texts = all('message', 'data');
            window.calls = [];
            const scroll = async () => {
              const { messages, more } = await team.older(30);
              texts.unshift(...messages.map(({ data }) => data));
              calls.push([messages.length, more]);
            };
            scroll(); scroll(); scroll(); scroll();
            """);

        await page.ExpectAsync("calls", "[[30,true],[30,true],[25,false],[0,false]]");
        await page.ExpectAsync("texts.join() === Array.from({ length: 95 }, (_, i) => i).join()", "true");
    }

    [Fact]
    public async Task Objects_arrive_as_objects_also_from_the_history_and_in_changes()
    {
        await using var server = await RealServer.StartAsync<Objects>(static _ => { });
        await using var ann = await ClientPage.ConnectAsync(browser, server.Address, url: Ann);
        await ann.ExpectAsync("chat.state", "\"live\"");

        await ann.RunAsync("""
            (async () => {
              const { position } = await chat.send({ text: 'hi', to: ['bob', null] });
              await chat.send([1, 2]);
              await chat.send('a text');
              await chat.edit(position, { text: 'hello' });
            })();
            """);

        await ann.ExpectAsync("all('message', 'json', 'data')", """[[{"text":"hi","to":["bob",null]},null],[[1,2],null],[null,"a text"]]""");
        await ann.ExpectAsync("all('change', 'json')", """[{"text":"hello"}]""");
        await using var bob = await ClientPage.ConnectAsync(browser, server.Address, url: Bob);
        await bob.ExpectAsync("all('message', 'json', 'data')", """[[{"text":"hello"},null],[[1,2],null],[null,"a text"]]""");
        await ann.ExpectAsync("[chat.pending.length, all('error', 'code')]", "[0,[]]");
    }

    private sealed class Objects : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) =>
            BroadcastAsync(message.Text, new BroadcastOptions { IsJson = message.IsJson });

        protected override async ValueTask OnEditAsync(EditRequest request) =>
            await EditJsonAsync(request.Position, request.Message.Text, request.Room);
    }

    private sealed class Authors : AuthorsHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
    }
}
