using System.Net.Http.Json;
using System.Text.RegularExpressions;

namespace ChatKit.Migration.Tests.SignalR;

/// <summary>What the team chat does, before and after the migration.</summary>
public abstract partial class TeamChatTests(ITeamChat app)
{
    private readonly string _room = $"room-{Guid.NewGuid():n}";

    [Fact]
    public async Task Everyone_in_the_room_receives_a_message_with_its_sender()
    {
        await using var ann = await app.ConnectAsync("ann");
        await using var bob = await app.ConnectAsync("bob");
        Assert.True(await ann.EnterAsync(_room));
        Assert.True(await bob.EnterAsync(_room));

        await ann.SendAsync(_room, "hi");

        Assert.Equal((_room, "ann", "hi"), await ann.ReceiveAsync());
        Assert.Equal((_room, "ann", "hi"), await bob.ReceiveAsync());
    }

    [Fact]
    public async Task Whoever_enters_later_receives_the_earlier_messages_first()
    {
        await using var ann = await app.ConnectAsync("ann");
        await ann.EnterAsync(_room);
        await ann.SendAsync(_room, "one");
        await ann.SendAsync(_room, "two");

        await using var bob = await app.ConnectAsync("bob");
        await bob.EnterAsync(_room);
        await bob.SendAsync(_room, "three");

        Assert.Equal([(_room, "ann", "one"), (_room, "ann", "two"), (_room, "bob", "three")],
            new[] { await bob.ReceiveAsync(), await bob.ReceiveAsync(), await bob.ReceiveAsync() });
    }

    [Fact]
    public async Task A_user_who_may_not_enter_a_room_receives_nothing_of_it()
    {
        await using var ann = await app.ConnectAsync("ann");
        await using var bob = await app.ConnectAsync("bob");
        Assert.True(await ann.EnterAsync("staff"));

        Assert.False(await bob.EnterAsync("staff"));

        await bob.EnterAsync(_room);
        await ann.SendAsync("staff", "for us");
        Assert.Equal(("staff", "ann", "for us"), await ann.ReceiveAsync());
        await bob.SendAsync(_room, "alone");
        Assert.Equal((_room, "bob", "alone"), await bob.ReceiveAsync());
    }

    [Fact]
    public async Task The_others_see_who_is_typing()
    {
        await using var ann = await app.ConnectAsync("ann");
        await using var bob = await app.ConnectAsync("bob");
        await ann.EnterAsync(_room);
        await bob.EnterAsync(_room);

        await ann.TypeAsync(_room);

        Assert.Equal("ann", await bob.ReceiveTypingAsync());
    }

    [Fact]
    public async Task An_announcement_of_the_application_reaches_the_room()
    {
        await using var ann = await app.ConnectAsync("ann");
        await ann.EnterAsync(_room);

        using var http = new HttpClient { BaseAddress = app.Address };
        using var response = await http.PostAsJsonAsync($"/announce/{_room}", "Lunch is ready.").Soon();

        response.EnsureSuccessStatusCode();
        Assert.Equal((_room, null, "Lunch is ready."), await ann.ReceiveAsync());
    }

    /// <summary>Requests everything that the page imports, as a browser does.</summary>
    [Fact]
    public async Task The_page_and_all_that_it_imports_are_served()
    {
        using var http = new HttpClient { BaseAddress = app.Address };
        var files = new Queue<string>(["/"]);
        var seen = new HashSet<string>(files);
        while (files.TryDequeue(out var file))
        {
            var text = await http.GetStringAsync(file).Soon();
            foreach (var import in Import().Matches(text).Select(match => match.Groups[1].Value).Where(seen.Add))
                files.Enqueue(import);
        }

        Assert.Contains("chat.js", seen);
        Assert.Contains("view.js", seen);
    }

    /// <summary>What scripts and pages refer to on the same server, without the dot and the slash at its beginning.</summary>
    [GeneratedRegex("""(?:from |src=)["'](?:\./)?(?!http)([^"']+)["']""")]
    private static partial Regex Import();
}
