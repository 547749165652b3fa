using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace ChatKit.Monitor.Tests;

/// <summary>The page in a browser.</summary>
public sealed class PageTests(Browser browser, RedisServer redis)
{
    [Fact]
    public async Task The_page_shows_both_nodes_and_closes_a_connection_on_the_other_one()
    {
        var prefix = $"test-{Guid.NewGuid():n}:";
        await using var one = await MonitoredNode.StartAsync("one", redis, prefix);
        await using var two = await MonitoredNode.StartAsync("two", redis, prefix);
        using var ann = await one.VisitAsync("ann", "green");
        using var bob = await two.VisitAsync("bob", "blue");
        var page = await browser.OpenAsync(one);
        await using var context = page.Context;

        await Assertions.Expect(page.Locator("#rooms-table tbody .name")).ToHaveTextAsync(["blue", "green"]);
        await Assertions.Expect(page.Locator("#tile-nodes")).ToHaveTextAsync("2");
        await page.GetByRole(AriaRole.Link, new() { Name = "Nodes" }).ClickAsync();
        await Assertions.Expect(page.Locator("#nodes-table bdi")).ToHaveTextAsync(["one", "two"]);

        // With the keyboard only.
        await page.GetByRole(AriaRole.Link, new() { Name = "Connections", Exact = true }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Button, new() { Name = $"Close connection {bob.Id}" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#confirm-no")).ToBeFocusedAsync();
        await page.Locator("#confirm-reason").FillAsync("please update");
        await page.GetByRole(AriaRole.Button, new() { Name = "Close connection", Exact = true }).PressAsync("Enter");

        Assert.Equal("please update", (await bob.CloseAsync()).Reason);
        await Assertions.Expect(page.Locator("#connections-table tbody tr")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator("#toast")).ToHaveTextAsync("The connection is closed.");
    }

    [Fact]
    public async Task An_operator_disconnects_a_user_and_deletes_a_message_in_the_room()
    {
        await using var node = await MonitoredNode.StartAsync();
        using var ann = await node.VisitAsync("ann", "green");
        using var bob = await node.VisitAsync("bob", "green");
        await bob.SendAsync("buy this");
        await ann.ReceiveAsync("message");
        var page = await browser.OpenAsync(node);
        await using var context = page.Context;

        await page.GetByRole(AriaRole.Button, new() { Name = "Room green" }).ClickAsync();
        await Assertions.Expect(page.Locator("#room-name")).ToBeFocusedAsync();
        await Assertions.Expect(page.Locator("#messages .text")).ToHaveTextAsync(["buy this"]);
        await Assertions.Expect(page.Locator("#present li")).ToHaveTextAsync(["ann", "bob"]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete message 1" }).ClickAsync();
        await page.Keyboard.PressAsync("Escape"); // Does nothing.
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete message 1" }).ClickAsync();
        await page.Locator("#confirm-yes").ClickAsync();

        Assert.True((await ann.ReceiveAsync("change")).GetProperty("deleted").GetBoolean());
        await Assertions.Expect(page.Locator("#messages .text")).ToHaveTextAsync(["deleted"]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Disconnect user bob" }).ClickAsync();
        await page.Locator("#confirm-yes").ClickAsync();
        await bob.CloseAsync();
        await Assertions.Expect(page.Locator("#room-table tbody tr")).ToHaveCountAsync(1);
        Assert.Single(node.LogOf(501));
        Assert.Single(node.LogOf(502));
    }

    [Fact]
    public async Task Hostile_names_and_messages_are_shown_as_text()
    {
        const string User = "<script>hacked=1</script>";
        const string Room = "<img src=x onerror=hacked=1>'\"&";
        const string Message = "</div><script>hacked=1</script><svg onload=hacked=1> javascript:hacked=1";
        await using var node = await MonitoredNode.StartAsync();
        using var visitor = await node.VisitAsync(User, Room);
        await visitor.SendAsync(Message);
        await visitor.ReceiveAsync("message");
        var page = await browser.OpenAsync(node, "#connections");
        await using var context = page.Context;
        var errors = new ConcurrentQueue<string>();
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                errors.Enqueue(message.Text);
        };
        page.PageError += (_, error) => errors.Enqueue(error);

        await Assertions.Expect(page.Locator("#connections-table bdi")).ToHaveTextAsync([User, "one", Room]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Room " + Room }).ClickAsync();
        await Assertions.Expect(page.Locator("#room-name")).ToHaveTextAsync(Room);
        await Assertions.Expect(page.Locator("#messages .text")).ToHaveTextAsync([Message]);
        await Assertions.Expect(page.Locator("#present li")).ToHaveTextAsync([User]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Disconnect user " + User }).ClickAsync();
        await Assertions.Expect(page.Locator("#confirm-target")).ToHaveTextAsync(User);
        await page.Locator("#confirm-yes").ClickAsync();
        await visitor.CloseAsync();

        Assert.False(await page.EvaluateAsync<bool>("'hacked' in window"));
        Assert.Equal(0, await page.Locator("main script, img, main svg:not(.chart svg)").CountAsync());
        Assert.Empty(errors);
    }

    [Fact]
    public async Task The_page_fits_a_narrow_screen()
    {
        const string Room = "a room with a name that is long enough for two lines";
        await using var node = await MonitoredNode.StartAsync(new string('n', 60));
        using var ann = await node.VisitAsync(new string('a', 100), Room);
        await ann.SendAsync(new string('x', 500));
        await ann.ReceiveAsync("message");
        var page = await browser.OpenAsync(node, width: 360, scheme: ColorScheme.Dark);
        await using var context = page.Context;

        foreach (var view in (string[])["#rooms", "#connections", "#nodes", $"#room/{Uri.EscapeDataString(Room)}"])
        {
            await page.EvaluateAsync("view => { location.hash = view; }", view);
            await Assertions.Expect(page.Locator("section:not([hidden]) tbody tr td:nth-child(2)")).ToBeVisibleAsync();
            Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= 360, view);
        }
    }

    [Fact]
    public async Task A_page_that_is_paused_asks_nothing()
    {
        await using var node = await MonitoredNode.StartAsync();
        var page = await browser.OpenAsync(node);
        await using var context = page.Context;

        await page.Locator("#pause").ClickAsync();
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("Paused");
        using var ann = await node.VisitAsync("ann", "green");
        await Assertions.Expect(page.Locator("#rooms-table .empty")).ToBeVisibleAsync();

        await page.Locator("#pause").ClickAsync();
        await Assertions.Expect(page.Locator("#rooms-table tbody .name")).ToHaveTextAsync(["green"]);
    }
}
