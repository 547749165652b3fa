using Microsoft.Playwright;

namespace ChatRoom.Tests;

public class PageTests(Browser browser, RedisServer redis) : IClassFixture<RedisServer>
{
    [Fact]
    public async Task Two_people_chat_and_who_reloads_sees_the_history()
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync();
        var ann = await browser.JoinAsync(chatRoom, "Ann", "lobby");
        var bob = await browser.JoinAsync(chatRoom, "Bob", "lobby");

        await ann.SayAsync("Hello Bob");
        await Assertions.Expect(bob.Locator("li.message .text")).ToHaveTextAsync(["Hello Bob"]);
        await bob.SayAsync("Hello Ann");
        await Assertions.Expect(ann.Locator("li.message .text")).ToHaveTextAsync(["Hello Bob", "Hello Ann"]);
        await Assertions.Expect(ann.Locator("li.message.own .text")).ToHaveTextAsync(["Hello Bob"]);
        await Assertions.Expect(ann.Locator("li.notice")).ToContainTextAsync("Bob joined");

        await ann.ReloadAsync();
        await ann.JoinAsync("Ann", "lobby");

        await Assertions.Expect(ann.Locator("li.message .text")).ToHaveTextAsync(["Hello Bob", "Hello Ann"]);
        await Assertions.Expect(ann.Locator("li.day")).ToHaveCountAsync(1);
        await bob.SayAsync("You reloaded. Did you miss anything?");
        await Assertions.Expect(ann.Locator("li.message")).ToHaveCountAsync(3);
        await ann.SayAsync("Nothing, it was all still here.");
        await Assertions.Expect(ann.Locator("li.message")).ToHaveCountAsync(4);
        await ann.SaveScreenshotAsync("chat-room.png");
    }

    [Fact]
    public async Task What_people_write_is_shown_and_never_run()
    {
        const string Attack = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
        await using var chatRoom = await ChatRoomProcess.StartAsync();
        var ann = await browser.JoinAsync(chatRoom, "<b>Ann</b>", "<i>room");

        await ann.SayAsync(Attack);

        await Assertions.Expect(ann.Locator("li.message .text")).ToHaveTextAsync([Attack]);
        await Assertions.Expect(ann.Locator("li.message .from")).ToHaveTextAsync(["<b>Ann</b>"]);
        await Assertions.Expect(ann.Locator("#chat img, #chat script, #chat b, #chat i")).ToHaveCountAsync(0);
        Assert.DoesNotContain("owned", await ann.TitleAsync());
    }

    [Fact]
    public async Task When_the_server_restarts_the_page_reconnects_and_still_has_the_history()
    {
        var port = $"{RedisServer.FreePort()}";
        var chatRoom = await ChatRoomProcess.StartAsync("--port", port, "--redis", redis.Endpoint);
        var ann = await browser.JoinAsync(chatRoom, "Ann", "restarts");
        await ann.SayAsync("before the restart");
        await Assertions.Expect(ann.Locator("li.message .text")).ToHaveTextAsync(["before the restart"]);

        await chatRoom.DisposeAsync();
        await Assertions.Expect(ann.Locator("#state")).ToHaveAttributeAsync("data-state", "reconnecting");
        await using var restarted = await ChatRoomProcess.StartAsync("--port", port, "--redis", redis.Endpoint);
        await Assertions.Expect(ann.Locator("#state")).ToHaveAttributeAsync("data-state", "connected");
        await ann.SayAsync("after the restart");

        await Assertions.Expect(ann.Locator("li.message .text")).ToHaveTextAsync(["before the restart", "after the restart"]);
        var bob = await browser.JoinAsync(restarted, "Bob", "restarts");
        await Assertions.Expect(bob.Locator("li.message .text")).ToHaveTextAsync(["before the restart", "after the restart"]);
    }

    [Fact]
    public async Task A_message_sent_while_Redis_is_away_comes_back_to_its_writer()
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync("--redis", redis.Endpoint);
        var ann = await browser.JoinAsync(chatRoom, "Ann", "outage");
        await ann.SayAsync("stored");
        await Assertions.Expect(ann.Locator("li.message")).ToHaveCountAsync(1);

        await redis.KillAsync();
        await ann.SayAsync("not stored");
        await Assertions.Expect(ann.Locator("#problem")).ToContainTextAsync("could not be stored");
        await Assertions.Expect(ann.Locator("#text")).ToHaveValueAsync("not stored");
        await redis.StartAsync();
        await Patience.UntilAsync(() => chatRoom.Output.Contains("is back"), "Redis is back");
        await ann.Locator("#text").PressAsync("Enter");

        await Assertions.Expect(ann.Locator("li.message .text")).ToHaveTextAsync(["stored", "not stored"]);
    }

    [Fact]
    public async Task It_fits_a_narrow_screen_and_counts_what_is_unread()
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync();
        var ann = await browser.JoinAsync(chatRoom, "Ann", "narrow", width: 360);
        var bob = await browser.JoinAsync(chatRoom, "Bob", "narrow");
        await ann.SayAsync("shown, so what follows is news");
        await Assertions.Expect(ann.Locator("li.message")).ToHaveCountAsync(1);
        await ann.EvaluateAsync("Object.defineProperty(document, 'hidden', { get: () => true })");

        await bob.SayAsync(new string('x', 300));

        await Assertions.Expect(ann.Locator("li.message")).ToHaveCountAsync(2);
        await Assertions.Expect(ann).ToHaveTitleAsync("(1) narrow · ChatKit");
        Assert.True(await ann.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
        await ann.SaveScreenshotAsync("chat-room-narrow.png");
    }

    [Fact]
    public async Task Its_files_may_be_cached_for_ever_because_their_names_tell_their_contents()
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync();
        using var http = new HttpClient();

        var page = await http.GetStringAsync(chatRoom.Address);

        Assert.Matches("href=\"/chat\\.[a-z0-9]+\\.css\"", page);
        Assert.Matches("src=\"/chat\\.[a-z0-9]+\\.js\"", page);
    }
}
