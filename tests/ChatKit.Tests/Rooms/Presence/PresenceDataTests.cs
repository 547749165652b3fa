using System.Text.Json.Nodes;
using ChatKit.Rooms.Presence;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Rooms.Presence;

/// <summary>Members carry data, such as a name, and large rooms only say how many members they have.</summary>
public sealed class PresenceDataTests : IAsyncDisposable
{
    private const int Limit = 20;

    private readonly ChatHost _host = new(static options => options.PresenceListLimit = Limit);

    private IRoomPresence Presence => _host.Services.GetRequiredService<IRoomPresence>();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Data_that_is_set_when_a_connection_opens_is_in_the_first_list_and_in_the_arrival()
    {
        var anna = await EnterAsync("anna", "Anna");
        Assert.Equal(
            """{"type":"presence","room":"lobby","here":["anna"],"members":{"anna":{"name":"Anna"}}}""", await anna.Client.ReceiveTextAsync());

        var nameless = await EnterAsync("nameless");
        Assert.Equal("""{"type":"presence","room":"lobby","joined":["nameless"]}""", await anna.Client.ReceiveTextAsync());
        var here = await nameless.Client.ReceiveJsonAsync();
        Assert.Equal(("""["anna","nameless"]""", """{"anna":{"name":"Anna"}}"""), (here["here"]!.ToJsonString(), here["members"]!.ToJsonString()));
        await EnterAsync("bob", "Bob \n");

        Assert.Equal(
            """{"type":"presence","room":"lobby","joined":["bob"],"members":{"bob":{"name":"Bob \n"}}}""", await anna.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_change_of_the_data_is_sent_in_all_rooms_of_the_member()
    {
        var (anna, bob) = (await EnterAsync("anna", "Anna"), await EnterAsync("bob"));
        foreach (var connection in new[] { anna, bob })
        {
            await connection.Handler.Join("team");

            // The list is read in the background. Read later, it would have the new name already.
            HashSet<string?> listed = [];
            while (listed.Count < 2)
            {
                if (await connection.Client.ReceiveJsonAsync() is var frame && frame["here"] is not null)
                    listed.Add((string?)frame["room"]);
            }
        }

        await SetAsync(anna, "A.");

        List<string> changes = [];
        while (changes.Count < 2)
        {
            if (await bob.Client.ReceiveJsonAsync() is var frame && frame["changed"] is { } changed)
                changes.Add($"{frame["room"]} {changed.ToJsonString()} {frame["members"]!.ToJsonString()}");
        }

        Assert.Equal(["""lobby ["anna"] {"anna":{"name":"A."}}""", """team ["anna"] {"anna":{"name":"A."}}"""], changes.Order());
        await SetAsync(anna, "A.");
        await _host.Broadcaster.BroadcastAsync("lobby", "no further change");
        Assert.Equal("no further change", (string?)(await bob.Client.ReceiveJsonUntilAsync("message"))[^1]["data"]);
    }

    [Fact]
    public async Task Of_several_connections_of_a_user_the_data_that_was_set_last_counts()
    {
        var observer = await EnterAsync("bob");
        Assert.Equal("here bob", await observer.ReceivePresenceAsync());
        var phone = await EnterAsync("anna", "Anna");
        Assert.Equal(["""{"name":"Anna"}"""], await DataAsync(observer, "joined"));

        await EnterAsync("anna");
        await EnterAsync("anna", "Anna on a laptop");
        Assert.Equal(["""{"name":"Anna on a laptop"}"""], await DataAsync(observer, "changed"));
        await SetAsync(phone, "Anna on a phone");
        Assert.Equal(["""{"name":"Anna on a phone"}"""], await DataAsync(observer, "changed"));

        await Patience.UntilAsync(async () => await NameOfAsync("anna") == "Anna on a phone", "it is stored");
        Assert.Equal(2, await Presence.CountAsync("lobby"));
        phone.Client.Disconnect();
        await phone.Ended.Soon();
        _host.Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal("Anna on a phone", await NameOfAsync("anna"));
    }

    [Fact]
    public async Task A_user_who_has_left_has_no_data_when_it_comes_back()
    {
        var observer = await EnterAsync("bob");
        Assert.Equal("here bob", await observer.ReceivePresenceAsync());
        var anna = await EnterAsync("anna", "Anna");
        await observer.Client.ReceiveJsonAsync();
        await Patience.UntilAsync(async () => await NameOfAsync("anna") == "Anna", "anna is stored");
        anna.Client.Disconnect();
        await anna.Ended.Soon();
        _host.Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal("left anna", await observer.ReceivePresenceAsync());

        await EnterAsync("anna");

        Assert.Equal("""{"type":"presence","room":"lobby","joined":["anna"]}""", await observer.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_change_whose_announcement_is_lost_is_found_by_the_check()
    {
        var anna = await EnterAsync("anna", "Anna");
        await anna.Client.ReceiveJsonAsync();
        await Patience.UntilAsync(async () => await NameOfAsync("anna") == "Anna", "anna is stored");
        await _host.Services.GetRequiredService<IPresenceStore>().EnterAsync("lobby", [new("anna", "7")], TimeSpan.FromMinutes(1));

        _host.Clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(["7"], await DataAsync(anna, "changed"));
    }

    [Fact]
    public async Task Data_that_a_node_sets_again_replaces_what_another_node_has_set_since()
    {
        var anna = await EnterAsync("anna", "Anna");
        await anna.Client.ReceiveJsonAsync();
        await Patience.UntilAsync(async () => await NameOfAsync("anna") == "Anna", "anna is stored");
        await _host.Services.GetRequiredService<IPresenceStore>().EnterAsync("lobby", [new("anna", "{\"name\":\"A.\"}")], TimeSpan.FromMinutes(1));

        await SetAsync(anna, "Anna");

        await Patience.UntilAsync(async () => await NameOfAsync("anna") == "Anna", "the data is stored again");
    }

    [Fact]
    public async Task Data_has_at_most_1_KiB_and_needs_an_endpoint_that_tracks_presence()
    {
        var anna = await EnterAsync("anna");
        await anna.Client.ReceiveJsonAsync();
        var largest = new string('x', 1022);

        await anna.Handler.Connection.SetPresenceAsync(largest, PresenceJson.Default.String);
        Assert.Equal([$"\"{largest}\""], await DataAsync(anna, "changed"));
        var thrown = await Assert.ThrowsAsync<ArgumentException>(
            async () => await anna.Handler.Connection.SetPresenceAsync(largest + "x", PresenceJson.Default.String));
        Assert.Equal("data", thrown.ParamName);

        var untracked = await _host.EnterAsync();
        var wrong = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await untracked.Handler.Connection.SetPresenceAsync("x", PresenceJson.Default.String));
        Assert.Contains("TrackPresence", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_room_with_more_members_than_the_limit_sends_only_their_number_and_below_it_lists_again()
    {
        var anna = await EnterAsync("anna", "Anna");
        await anna.Client.ReceiveJsonAsync();
        var others = new List<ChatConnection>();
        for (var i = 1; i < Limit; i++)
        {
            others.Add(await EnterAsync($"{i}"));
            Assert.Equal($"joined {i}", await anna.ReceivePresenceAsync());
        }

        var last = await EnterAsync("last", "Last");
        Assert.Equal("""{"type":"presence","room":"lobby","count":21}""", await anna.Client.ReceiveTextAsync());
        Assert.Equal("""{"type":"presence","room":"lobby","count":21}""", await last.Client.ReceiveTextAsync());
        await Patience.UntilAsync(async () => await Presence.CountAsync("lobby") == 21, "all are stored");

        // A tenth fewer than the limit.
        foreach (var leaving in others.Take(3))
        {
            leaving.Client.Disconnect();
            await leaving.Ended.Soon();
        }

        _host.Clock.Advance(TimeSpan.FromSeconds(5));
        JsonObject frame;
        do
        {
            frame = await anna.Client.ReceiveJsonAsync();
            Assert.Equal("presence", (string?)frame["type"]);
        }
        while (frame["here"] is null);
        Assert.Equal(18, frame["here"]!.AsArray().Count);
        Assert.Equal("""{"name":"Last"}""", frame["members"]!["last"]!.ToJsonString());
        await EnterAsync("again");
        Assert.Equal("joined again", await anna.ReceivePresenceAsync());
    }

    [Fact]
    public async Task The_number_of_members_is_sent_at_most_once_a_second()
    {
        var anna = await EnterAsync("anna");
        await anna.Client.ReceiveJsonAsync();
        for (var i = 1; i < Limit; i++)
            await EnterAsync($"{i}");
        for (var i = 1; i < Limit; i++)
            await anna.Client.ReceiveJsonAsync();

        for (var i = 0; i < 30; i++)
            await EnterAsync($"more {i}");
        await _host.Broadcaster.BroadcastAsync("lobby", "end");
        var frames = await anna.Client.ReceiveJsonUntilAsync("message");
        Assert.Equal(21, (int?)Assert.Single(frames, static frame => (string?)frame["type"] == "presence")["count"]);

        _host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("""{"type":"presence","room":"lobby","count":50}""", await anna.Client.ReceiveTextAsync());
        await SetAsync(anna, "no list, no change");
        _host.Clock.Advance(TimeSpan.FromSeconds(1));
        await _host.Broadcaster.BroadcastAsync("lobby", "end");
        Assert.Equal("end", (string?)(await anna.Client.ReceiveJsonAsync())["data"]);
    }

    private Task<ChatConnection> EnterAsync(string user, string? name = null) => _host.EnterTrackedAsync(user, handler: new ScriptedHandler
    {
        Open = async self =>
        {
            if (name is not null)
                await self.Connection.SetPresenceAsync(new JsonObject { ["name"] = name }, PresenceJson.Default.JsonObject);
        },
    });

    private static ValueTask SetAsync(ChatConnection connection, string name) =>
        connection.Handler.Connection.SetPresenceAsync(new JsonObject { ["name"] = name }, PresenceJson.Default.JsonObject);

    private static async Task<string[]> DataAsync(ChatConnection observer, string change)
    {
        var frame = await observer.Client.ReceiveJsonAsync();
        Assert.NotNull(frame[change]);
        return [.. frame["members"]!.AsObject().Select(static member => member.Value!.ToJsonString())];
    }

    private async Task<string?> NameOfAsync(string user) =>
        (await Presence.ListMembersAsync("lobby")).SingleOrDefault(member => member.Id == user)?.Data?.GetProperty("name").GetString();
}
