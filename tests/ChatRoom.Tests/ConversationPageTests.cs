using Microsoft.Playwright;

namespace ChatRoom.Tests;

/// <summary>Several rooms, changed messages, what is unread and who has read it, on the page.</summary>
public sealed class ConversationPageTests(Browser browser, SharedChatRoom shared) : BrowserTests, IAsyncDisposable
{
    private readonly Visitors _visitors = new(browser);

    public ValueTask DisposeAsync() => _visitors.DisposeAsync();

    [Fact]
    public async Task Rooms_that_are_not_open_count_their_unread_messages_and_show_where_these_begin()
    {
        var chatRoom = await shared.GetAsync();
        var (first, second) = (shared.NewRoom(), shared.NewRoom());
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", first);
        await AddRoomAsync(ann, second);
        await Expect(ann, "#room-list .name").ToHaveTextAsync([first, second]);
        await ann.SendTextAsync("What's for lunch?");
        await ann.ExpectMessagesAsync("What's for lunch?");
        await OpenRoomAsync(ann, first);
        await ann.ExpectMessagesAsync();
        var bob = await _visitors.JoinAsync(chatRoom, "Bob", second);

        await bob.SendTextAsync("Soup");
        await bob.SendTextAsync("and bread");

        await Expect(ann, "#room-list li:nth-child(2) .badge").ToHaveTextAsync("2 unread");
        await Assertions.Expect(ann).ToHaveTitleAsync($"(2) {first} · ChatKit");
        await ann.Locator("#text").FillAsync("a draft");
        await ann.Locator("#room-list li:nth-child(2) button").FocusAsync();
        await ann.Keyboard.PressAsync("Enter");
        await ann.ExpectMessagesAsync("What's for lunch?", "Soup", "and bread");
        await Expect(ann, "li.unread + li.message .text").ToHaveTextAsync("Soup");
        await Expect(ann, "#room-list .badge:not([hidden])").ToHaveCountAsync(0);
        await ann.SaveScreenshotAsync("conversation-unread.png");
        await Expect(ann, "#text").ToBeFocusedAsync();
        await Expect(ann, "#text").ToHaveValueAsync("");
        await Expect(ann, "[aria-current] .name").ToHaveTextAsync(second);
        await OpenRoomAsync(ann, first);
        await Expect(ann, "#text").ToHaveValueAsync("a draft");

        await ann.Locator("#leave").ClickAsync();
        await Expect(ann, "#room-list .name").ToHaveTextAsync([second]);
        await ann.ExpectStateAsync("live");
        await ann.ExpectMessagesAsync("What's for lunch?", "Soup", "and bread");
        await ann.Locator("#leave").ClickAsync();
        await Expect(ann, "#welcome").ToBeVisibleAsync();
    }

    [Fact]
    public async Task Rooms_and_what_was_read_in_them_are_known_after_a_reload()
    {
        var chatRoom = await shared.GetAsync();
        var (first, second) = (shared.NewRoom(), shared.NewRoom());
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", first);
        await AddRoomAsync(ann, second);
        await ann.SendTextAsync("read");
        await ann.ExpectMessagesAsync("read");
        await ann.ReloadAsync();
        var bob = await _visitors.JoinAsync(chatRoom, "Bob", second);
        await bob.SendTextAsync("unread");
        await bob.ExpectMessagesAsync("read", "unread");

        await ann.JoinAsync("Ann", first);

        await Expect(ann, "#room-list li:nth-child(2) .badge").ToHaveTextAsync("1 unread");
        await OpenRoomAsync(ann, second);
        await Expect(ann, "li.unread + li.message .text").ToHaveTextAsync("unread");
    }

    [Fact]
    public async Task Authors_edit_and_delete_their_messages()
    {
        var chatRoom = await shared.GetAsync();
        var room = shared.NewRoom();
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", room);
        var bob = await _visitors.JoinAsync(chatRoom, "Bob", room);
        await ann.SendTextAsync("one");
        await ann.SendTextAsync("tow");
        await bob.ExpectMessagesAsync("one", "tow");
        await Expect(bob, ".tools").ToHaveCountAsync(0);

        await ann.Locator("#text").PressAsync("ArrowUp");
        await Expect(ann, "#text").ToHaveValueAsync("tow");
        await Expect(ann, "#editing").ToBeVisibleAsync();
        await ann.Locator("#text").PressAsync("Escape");
        await Expect(ann, "#text").ToHaveValueAsync("");
        await ann.Locator("#text").PressAsync("ArrowUp");
        await ann.SendTextAsync("two");
        foreach (var page in new[] { ann, bob })
        {
            await page.ExpectMessagesAsync("one", "two");
            await Expect(page, "li.message .note").ToHaveTextAsync(["", "edited"]);
        }

        ann.Dialog += static (_, dialog) => dialog.AcceptAsync();
        await ann.GetByRole(AriaRole.Button, new() { Name = "Delete message: one" }).FocusAsync();
        await ann.Keyboard.PressAsync("Enter");
        foreach (var page in new[] { ann, bob })
            await page.ExpectMessagesAsync("This message was deleted.", "two");
        var carl = await _visitors.JoinAsync(chatRoom, "Carl", room);
        await carl.ExpectMessagesAsync("This message was deleted.", "two");
        await Expect(carl, "li.message .note").ToHaveTextAsync(["", "edited"]);
    }

    [Fact]
    public async Task The_page_shows_who_is_typing_and_who_has_read_the_messages()
    {
        var chatRoom = await shared.GetAsync();
        var room = shared.NewRoom();
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", room);
        var bob = await _visitors.JoinAsync(chatRoom, "Bob", room);

        await bob.Locator("#text").PressSequentiallyAsync("Hel");
        await Expect(ann, "#typing").ToHaveTextAsync("Bob is typing…");
        await bob.SendTextAsync("Hello");

        await ann.ExpectMessagesAsync("Hello");
        await Expect(ann, "#typing").ToBeEmptyAsync();
        await Expect(bob, ".seen").ToHaveTextAsync(["Seen by Ann"]);
        await ann.SendTextAsync("Hi");
        await Expect(ann, ".seen").ToHaveTextAsync(["Seen by Bob"]);
        await Expect(bob, ".seen").ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Older_messages_appear_on_scrolling_up_and_nothing_jumps()
    {
        var chatRoom = await shared.GetAsync();
        var room = shared.NewRoom();
        using var bob = await chatRoom.ConnectAsync($"/chat/{room}?name=Bob");
        for (var i = 1; i <= 100; i++)
            await bob.SendTextAsync($"message {i}");
        while (await bob.ReceiveTextAsync() != "message 100")
        {
        }

        var ann = await _visitors.JoinAsync(chatRoom, "Ann", room);
        await Expect(ann, "li.message").ToHaveCountAsync(50);
        var watched = ann.GetByText("message 51", new() { Exact = true });

        // In one step, so that it is measured before the messages arrive.
        var before = await watched.EvaluateAsync<double>(
            "(item) => { document.getElementById('transcript').scrollTop = 150; return item.getBoundingClientRect().top; }");
        await Expect(ann, "li.message").ToHaveCountAsync(100);

        Assert.InRange(await watched.EvaluateAsync<double>("(item) => item.getBoundingClientRect().top") - before, -1, 1);
        Assert.Equal(Enumerable.Range(1, 100).Select(static i => $"message {i}"), await ann.Locator("li.message .text").AllTextContentsAsync());
        await Expect(ann, "#older").ToBeHiddenAsync();
        await Expect(ann, "li.day").ToHaveCountAsync(1);
    }

    [Fact]
    public async Task A_button_leads_to_new_messages_while_the_reader_is_further_up()
    {
        var chatRoom = await shared.GetAsync();
        var room = shared.NewRoom();
        using var bob = await chatRoom.ConnectAsync($"/chat/{room}?name=Bob");
        for (var i = 1; i <= 30; i++)
            await bob.SendTextAsync($"message {i}");
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", room);
        await Expect(ann, "li.message").ToHaveCountAsync(30);
        await ann.EvaluateAsync("document.getElementById('transcript').scrollTop = 300");

        await bob.SendTextAsync("news");

        await Expect(ann, "#jump").ToHaveTextAsync("1 new message");
        await ann.Locator("#jump").ClickAsync();
        await Expect(ann, "#jump").ToBeHiddenAsync();
        await Assertions.Expect(ann.GetByText("news", new() { Exact = true })).ToBeInViewportAsync();
    }

    [Fact]
    public async Task Addresses_become_links()
    {
        const string Text = "See https://example.com/a_(b)?q=1#c, (http://example.org). javascript:alert(1) <https://x.y/\"onclick=1>";
        var chatRoom = await shared.GetAsync();
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", shared.NewRoom());

        await ann.SendTextAsync(Text);

        await ann.ExpectMessagesAsync(Text);
        Assert.Equal(
            ["https://example.com/a_(b)?q=1#c", "http://example.org/", "https://x.y/"],
            await ann.Locator("li.message a").EvaluateAllAsync<string[]>("(links) => links.map(({ href }) => href)"));
        Assert.Equal(
            ["noopener noreferrer nofollow"],
            await ann.Locator("li.message a").EvaluateAllAsync<string[]>("(links) => [...new Set(links.map(({ rel }) => rel))]"));
    }

    [Theory]
    [InlineData(1100, ColorScheme.Light, "conversation.png")]
    [InlineData(1100, ColorScheme.Dark, "conversation-dark.png")]
    [InlineData(360, ColorScheme.Light, "conversation-narrow.png")]
    [InlineData(360, ColorScheme.Dark, "conversation-narrow-dark.png")]
    public async Task The_page_fits_every_screen(int width, ColorScheme colors, string screenshot)
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync();
        var ann = await _visitors.JoinAsync(chatRoom, "Ann", "lobby", width);
        await ann.EmulateMediaAsync(new() { ColorScheme = colors });
        await AddRoomAsync(ann, "release-2026-with-a-rather-long-name");
        await AddRoomAsync(ann, "team");
        var bob = await _visitors.JoinAsync(chatRoom, "Bob", "team");
        var carl = await _visitors.JoinAsync(chatRoom, "Carl", "lobby");
        foreach (var text in new[] { "Morning! The notes are at https://example.com/notes/2026/11/30?section=agenda", "I'll be 5 minutes late.", "oops" })
            await ann.SendTextAsync(text);
        await Expect(ann, "li.message").ToHaveCountAsync(3);
        ann.Dialog += static (_, dialog) => dialog.AcceptAsync();
        await ann.GetByRole(AriaRole.Button, new() { Name = "Delete message: oops" }).FocusAsync();
        await ann.Keyboard.PressAsync("Enter");
        await ann.Locator("#text").PressAsync("ArrowUp");
        await ann.SendTextAsync("I'll be 10 minutes late.");
        await bob.SendTextAsync("No hurry, we start without you and tell you later what we have decided about your holidays.");
        await Expect(ann, "li.message").ToHaveCountAsync(4);
        await carl.SendTextAsync("Is anybody here?");
        await Expect(ann, "#room-list li:first-child .badge").ToHaveTextAsync("1 unread");
        var dora = await _visitors.JoinAsync(chatRoom, "Dora", "team");
        await dora.Locator("#text").PressSequentiallyAsync("H");
        await Expect(ann, "#typing").ToHaveTextAsync("Dora is typing…");

        Assert.True(await ann.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
        await ann.SaveScreenshotAsync(screenshot);
        if (width > 400)
            return;

        await Expect(ann, "#rooms").ToBeHiddenAsync();
        await ann.Locator("#show-rooms").ClickAsync();
        await Expect(ann, "#rooms").ToBeVisibleAsync();
        await Expect(ann, "#room-list [aria-current]").ToBeFocusedAsync();
        await ann.SaveScreenshotAsync(screenshot.Replace("narrow", "narrow-rooms", StringComparison.Ordinal));
        await ann.Keyboard.PressAsync("Escape");
        await Expect(ann, "#rooms").ToBeHiddenAsync();
        await Expect(ann, "#show-rooms").ToBeFocusedAsync();
        await OpenRoomAsync(ann, "lobby");
        await Expect(ann, "#rooms").ToBeHiddenAsync();
        await ann.ExpectMessagesAsync("Is anybody here?");
    }

    private static async Task AddRoomAsync(IPage page, string room)
    {
        await ShowRoomsAsync(page);
        await page.Locator("#new-room").FillAsync(room);
        await page.Locator("#new-room").PressAsync("Enter");
        await Expect(page, "#room-title").ToHaveTextAsync(room);
    }

    private static async Task OpenRoomAsync(IPage page, string room)
    {
        await ShowRoomsAsync(page);
        await page.Locator("#room-list button").Filter(new() { HasText = room }).ClickAsync();
        await Expect(page, "#room-title").ToHaveTextAsync(room);
    }

    private static async Task ShowRoomsAsync(IPage page)
    {
        if (await page.Locator("#show-rooms").IsVisibleAsync())
            await page.Locator("#show-rooms").ClickAsync();
    }

    private static ILocatorAssertions Expect(IPage page, string selector) => Assertions.Expect(page.Locator(selector));
}
