using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using ChatKit.Client;
using Microsoft.Playwright;

namespace ChatKit.Samples.Tests;

/// <summary>All tests share one sample, and each has its own room.</summary>
public sealed class TeamChatTests(Browser browser, TeamChatFixture fixture) : IClassFixture<TeamChatFixture>, IAsyncDisposable
{
    public ValueTask DisposeAsync() => fixture.ClosePagesAsync();

    [Fact]
    public async Task Users_sign_in_and_chat_in_several_rooms()
    {
        Requirement.Chromium();
        var sample = await fixture.GetAsync();
        var ann = await sample.OpenAsync(browser);
        await SignInAsync(ann, "ann", "wrong");
        await ann.Expect("#sign-in-problem").ToHaveTextAsync("The name or the password is wrong.");
        await SignInAsync(ann, "ann");
        var bob = await sample.OpenAsync(browser, width: 360);
        await SignInAsync(bob, "bob");
        await ann.Expect("#rooms button").ToContainTextAsync(["# general", "# random", "# engineering", "# leads"]);
        await bob.Expect("#rooms button").ToContainTextAsync(["# general", "# random", "# engineering"]);
        await ann.Expect("#here li").ToHaveCountAsync(2);

        await EnterAsync(ann, "engineering");
        await ann.SendTextAsync("Who broke the build?");
        await bob.Expect("#rooms li:nth-child(3) .badge").ToHaveTextAsync("1");
        await bob.Locator("#show-rooms").ClickAsync();
        await bob.SaveScreenshotAsync("team-chat-narrow-rooms.png");
        await EnterAsync(bob, "engineering");
        await bob.Expect(".message .text").ToHaveTextAsync(["Who broke the build?"]);
        await bob.Expect("#rooms li:nth-child(3) .badge").ToBeHiddenAsync();
        await ann.Expect(".message .seen").ToHaveTextAsync(["Seen by bob"]);

        await bob.GetByLabel("Message", new() { Exact = true }).PressSequentiallyAsync("Me");
        await ann.Expect("#typing").ToHaveTextAsync("bob is typing…");
        await bob.SendTextAsync("Mee. It's mended.");
        await bob.Locator(".message").Last.HoverAsync();
        await bob.Locator(".message").Last.Locator(".edit").ClickAsync();
        await bob.SendTextAsync("Me. It's mended.");
        await ann.Expect(".message .text").ToHaveTextAsync(["Who broke the build?", "Me. It's mended."]);
        await ann.Expect(".message .note").ToHaveTextAsync(["", "(edited)"]);
        Assert.False(await ann.Locator(".message").Last.Locator(".edit").IsVisibleAsync());

        ann.Dialog += static (_, dialog) => _ = dialog.AcceptAsync();
        await ann.Locator(".message").First.HoverAsync();
        await ann.Locator(".message").First.Locator(".delete").ClickAsync();
        await bob.Expect(".message .text").ToHaveTextAsync(["This message was deleted.", "Me. It's mended."]);
        Assert.True(await bob.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
        await ann.SaveScreenshotAsync("team-chat.png");
        await bob.SaveScreenshotAsync("team-chat-narrow.png");
        await ann.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await ann.SaveScreenshotAsync("team-chat-dark.png");
    }

    [Theory]
    [InlineData("stop", "general")]
    [InlineData("kill", "random")]
    public async Task Nothing_is_lost_when_a_node_ends(string action, string room)
    {
        Requirement.Chromium();
        var sample = await fixture.GetAsync();
        var ann = await sample.OpenAsync(browser);
        await SignInAsync(ann, "ann");
        await EnterAsync(ann, room);
        var bob = await sample.OpenAsync(browser);
        await SignInAsync(bob, "bob");
        await EnterAsync(bob, room);
        await ann.SendTextAsync("before");
        await bob.Expect(".message .text").ToHaveTextAsync(["before"]);
        var node = await NodeOfAsync(ann);

        await bob.GetByLabel($"{action} node {node}").ClickAsync();
        await ann.SendTextAsync("during");
        await bob.SendTextAsync("meanwhile");
        await bob.Expect($"#nodes [aria-label='start node {node}']").ToBeVisibleAsync();
        await ann.Expect("#state").ToHaveTextAsync($"Connected to node {(node == "A" ? "B" : "A")}");
        await bob.SendTextAsync("after");

        await ann.Expect(".message").ToHaveCountAsync(4);
        await bob.Expect(".message").ToHaveCountAsync(4);
        var texts = await ann.Locator(".message .text").AllTextContentsAsync();
        Assert.Equal(["after", "before", "during", "meanwhile"], texts.Order(StringComparer.Ordinal));
        Assert.Equal(texts, await bob.Locator(".message .text").AllTextContentsAsync());
        Assert.Equal(0, await ann.Locator(".gap").CountAsync());
        await bob.GetByLabel($"start node {node}").ClickAsync();
        await bob.Expect($"#nodes [aria-label='stop node {node}']").ToBeVisibleAsync();
    }

    [Fact]
    public async Task Another_client_signs_in_with_a_token_and_may_enter_only_the_rooms_of_its_user()
    {
        var sample = await fixture.GetAsync();
        using var http = new HttpClient { BaseAddress = sample.Address };
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.PostAsJsonAsync("api/token", new { name = "carla", password = "wrong" })).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri("api/me", UriKind.Relative))).StatusCode);
        var response = await http.PostAsJsonAsync("api/token", new { name = "carla", password = "demo" });
        var token = await response.Content.ReadAsStringAsync();

        var options = new ChatClientOptions { Token = _ => Task.FromResult<string?>(token) };
        await using var chat = new ChatClient(new Uri(sample.Address, "chat"), options);
        await chat.ConnectAsync().Soon();
        var leads = await chat.JoinAsync("leads").Soon();
        await leads.SendAsync("The build is green.").Soon();

        var refused = await Assert.ThrowsAsync<ChatException>(() => chat.JoinAsync("engineering").Soon());
        Assert.Equal("forbidden", refused.Code);
    }

    private static async Task SignInAsync(IPage page, string name, string password = "demo")
    {
        await page.GetByLabel("Name").FillAsync(name);
        await page.GetByLabel("Password").FillAsync(password);
        await page.GetByText("Sign in", new() { Exact = true }).ClickAsync();
        if (password == "demo")
            await page.Expect("#state").ToHaveAttributeAsync("data-state", "live");
    }

    private static Task EnterAsync(IPage page, string room) =>
        page.Locator("#rooms button", new() { HasText = room }).ClickAsync();

    private static async Task<string> NodeOfAsync(IPage page)
    {
        await page.Expect("#state").ToContainTextAsync(new Regex("node [AB]"));
        return (await page.Locator("#state").TextContentAsync())![^1..];
    }
}
