using Microsoft.Playwright;

namespace ChatRoom.Tests;

public sealed class PageTests(Browser browser, SharedChatRoom shared) : IAsyncDisposable
{
    private readonly Visitors _visitors = new(browser);

    public ValueTask DisposeAsync() => _visitors.DisposeAsync();

    [Fact]
    public async Task Two_people_chat_and_a_reload_shows_the_history()
    {
        var chatRoom = await shared.GetAsync();
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", "lobby");
        var bob = await _visitors.JoinAsync(chatRoom, "Bob", "lobby");

        await ann.SendTextAsync("Hello Bob");
        await Assertions.Expect(bob.Locator("li.message .text")).ToHaveTextAsync(["Hello Bob"]);
        await bob.SendTextAsync("Hello Ann");
        await Assertions.Expect(ann.Locator("li.message .text")).ToHaveTextAsync(["Hello Bob", "Hello Ann"]);
        await Assertions.Expect(ann.Locator("li.message.own .text")).ToHaveTextAsync(["Hello Bob"]);
        await Assertions.Expect(ann.Locator("li.notice")).ToContainTextAsync("Bob joined");

        await ann.ReloadAsync();
        await ann.JoinAsync("Ann", "lobby");

        await Assertions.Expect(ann.Locator("li.message .text")).ToHaveTextAsync(["Hello Bob", "Hello Ann"]);
        await Assertions.Expect(ann.Locator("li.day")).ToHaveCountAsync(1);
        await bob.SendTextAsync("You reloaded. Did you miss anything?");
        await Assertions.Expect(ann.Locator("li.message")).ToHaveCountAsync(3);
        await ann.SendTextAsync("Nothing, it was all still here.");
        await Assertions.Expect(ann.Locator("li.message")).ToHaveCountAsync(4);
        await ann.SaveScreenshotAsync("chat-room.png");
    }

    [Fact]
    public async Task A_name_that_is_too_long_is_not_truncated_within_a_character()
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync();
        var page = await browser.OpenAsync(new Uri(chatRoom.Address, $"?name={new string('a', 39)}%F0%9F%91%8B"));

        await Assertions.Expect(page.Locator("#name")).ToHaveValueAsync(new string('a', 39));
        await page.Locator("#join button[type=submit]").ClickAsync();
        await page.ExpectStateAsync("live");
    }

    [Fact]
    public async Task Messages_are_shown_as_text_and_never_run()
    {
        const string Attack = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
        var chatRoom = await shared.GetAsync();
        var ann = await _visitors.JoinAsync(chatRoom, "<b>Ann</b>", "<i>room");

        await ann.SendTextAsync(Attack);

        await ann.ExpectMessagesAsync(Attack);
        await Assertions.Expect(ann.Locator("li.message .from")).ToHaveTextAsync(["<b>Ann</b>"]);
        await Assertions.Expect(ann.Locator("#chat img, #chat script, #chat b, #chat i")).ToHaveCountAsync(0);
        Assert.DoesNotContain("owned", await ann.TitleAsync());
    }

    [Fact]
    public async Task A_refused_message_can_be_edited_again()
    {
        var text = string.Concat(Enumerable.Repeat("This goes on and on. ", 4_000)).Trim();
        var chatRoom = await shared.GetAsync();
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", "refusals");
        await ann.EvaluateAsync("document.getElementById('text').maxLength = 100_000");

        await ann.SendTextAsync(text);

        await Assertions.Expect(ann.Locator("#problem")).ToContainTextAsync("A message was not sent");
        await Assertions.Expect(ann.Locator("li.refused .fate")).ToContainTextAsync("Not sent: it is too long.");
        await ann.SaveScreenshotAsync("chat-room-refused.png");
        await ann.Locator("li.refused button").ClickAsync();
        await Assertions.Expect(ann.Locator("#text")).ToHaveValueAsync(text);
        await Assertions.Expect(ann.Locator("#pending li")).ToHaveCountAsync(0);
        await Assertions.Expect(ann.Locator("#problem")).ToBeEmptyAsync();
        await ann.SendTextAsync("short");
        await ann.ExpectMessagesAsync("short");
    }

    [Fact]
    public async Task The_page_shows_the_members()
    {
        var chatRoom = await shared.GetAsync();
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", "presence");
        await Assertions.Expect(ann.Locator("#here li")).ToHaveTextAsync(["Ann"]);
        var bob = await _visitors.JoinAsync(chatRoom, "<b>Bob</b>", "presence");
        await Assertions.Expect(ann.Locator("#here li")).ToHaveTextAsync(["<b>Bob</b>", "Ann"]);
        await Assertions.Expect(bob.Locator("#here li")).ToHaveTextAsync(["<b>Bob</b>", "Ann"]);

        await bob.Locator("#leave").ClickAsync();

        await Assertions.Expect(ann.Locator("#here li")).ToHaveTextAsync(["Ann"]);
        await Assertions.Expect(ann.Locator("li.notice")).ToContainTextAsync(["<b>Bob</b> joined", "<b>Bob</b> left"]);
        await Assertions.Expect(bob.Locator("#here li")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task The_page_fits_a_narrow_screen_and_counts_unread_messages()
    {
        var chatRoom = await shared.GetAsync();
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", "narrow", width: 360);
        var bob = await _visitors.JoinAsync(chatRoom, "Bob", "narrow");
        await ann.SendTextAsync("shown, so what follows is news");
        await Assertions.Expect(ann.Locator("li.message")).ToHaveCountAsync(1);
        await ann.EvaluateAsync("Object.defineProperty(document, 'hidden', { get: () => true })");

        await bob.SendTextAsync(new string('x', 300));

        await Assertions.Expect(ann.Locator("li.message")).ToHaveCountAsync(2);
        await Assertions.Expect(ann).ToHaveTitleAsync("(1) narrow · ChatKit");
        Assert.True(await ann.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
        await ann.SaveScreenshotAsync("chat-room-narrow.png");
    }

    [Fact]
    public async Task The_files_can_be_cached_forever_because_their_names_contain_a_hash()
    {
        var chatRoom = await shared.GetAsync();
        using var http = new HttpClient();

        var page = await http.GetStringAsync(chatRoom.Address);

        Assert.Matches("href=\"chat\\.[a-z0-9]+\\.css\"", page);
        Assert.Matches("src=\"chat\\.[a-z0-9]+\\.js\"", page);
    }

    [Theory]
    [InlineData("chatkit.js", "export function connect")]
    [InlineData("chatkit.fallback.js", "export class Fallback")]
    public async Task The_browser_client_is_part_of_the_library(string module, string content)
    {
        var chatRoom = await shared.GetAsync();
        using var http = new HttpClient();

        using var client = await http.GetAsync(new Uri(chatRoom.Address, $"_content/ChatKit.AspNetCore/{module}"));

        Assert.Equal("text/javascript", client.Content.Headers.ContentType?.MediaType);
        Assert.Contains(content, await client.Content.ReadAsStringAsync());
    }
}
