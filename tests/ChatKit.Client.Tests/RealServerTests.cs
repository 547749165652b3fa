using System.Globalization;
using ChatKit.Client.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Client.Tests;

public class RealServerTests
{
    public static TheoryData<ChatTransport> Transports => [.. Enum.GetValues<ChatTransport>()];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_client_sends_receives_edits_and_deletes(ChatTransport transport)
    {
        await using var server = await RealServer.StartAsync();
        await using var client = Create(server, transport);
        await using var events = client.Read();
        await client.ConnectAsync().Soon();
        Assert.Equal((transport, "lobby", "ann"), (client.Transport, client.HomeRoom, client.User));

        var position = await client.SendAsync("hi").Soon();
        var message = await events.NextAsync<MessageReceived>();
        await client.EditAsync(position, "hello").Soon();
        var edit = await events.NextAsync<MessageChanged>();
        await client.DeleteAsync(position).Soon();
        var deletion = await events.NextAsync<MessageChanged>();

        Assert.Equal((position, "hi", "ann", true), (message.Position!.Value, message.Text, message.From, message.IsLive));
        Assert.Equal((position, "hello", "ann", false), (edit.Position, edit.Text, edit.By, edit.IsDeleted));
        Assert.Equal((position, true), (deletion.Position, deletion.IsDeleted));
        Assert.Equal("gone", (await client.EditAsync(position, "again").FailsAsync()).Code);
        Assert.Equal("muted", (await client.SendAsync("!mute").FailsAsync()).Code);
        Assert.Equal(MessagePosition.None, await client.SendAsync("!nothing").Soon());
        var older = await client.GetOlderAsync(10).Soon();
        Assert.False(older.More);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_client_joins_rooms_and_leaves_them(ChatTransport transport)
    {
        await using var server = await RealServer.StartAsync();
        await using var other = Create(server.AddressOf("team"), ChatTransport.WebSockets, "bob");
        await using var client = Create(server, transport);
        await using var all = client.Read();
        await Task.WhenAll(client.ConnectAsync(), other.ConnectAsync()).Soon();

        var room = await client.JoinAsync("team").Soon();
        await using var events = room.Read();
        await events.NextAsync<RoomLive>();
        await other.SendAsync("for members").Soon();
        Assert.Equal(("team", "bob", "for members"), await events.NextAsync<MessageReceived>() is var m ? (m.Room, m.From, m.Text) : default);
        await room.SendAsync("thanks").Soon();
        Assert.Equal("forbidden", (await client.JoinAsync("secret").FailsAsync()).Code);

        await client.LeaveAsync("team").Soon();
        Assert.Equal("thanks", (await events.NextAsync<MessageReceived>()).Text);
        while (await events.NextAsync() is { } rest)
            Assert.IsNotType<MessageReceived>(rest);
        var garden = await client.JoinAsync("garden").Soon(); // So the server has also taken it out of the team.
        await other.SendAsync("too late").Soon();
        await garden.SendAsync("in the garden").Soon();

        MessageReceived[] seen =
            [await all.NextAsync<MessageReceived>(), await all.NextAsync<MessageReceived>(), await all.NextAsync<MessageReceived>()];
        Assert.Equal(["for members", "thanks", "in the garden"], seen.Select(static message => message.Text));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_client_that_is_disconnected_repeatedly_has_no_gaps_and_no_duplicates(ChatTransport transport)
    {
        const int Count = 60;
        await using var server = await RealServer.StartAsync();
        await using var sender = Create(server, transport);
        await using var reader = Create(server, transport, "bob");
        await using var events = reader.Read();
        await Task.WhenAll(sender.ConnectAsync(), reader.ConnectAsync()).Soon();
        var sending = new List<Task>();
        for (var i = 0; i < Count; i++)
        {
            sending.Add(sender.SendAsync(i.ToString(CultureInfo.InvariantCulture)));
            if (i % 7 == 3)
                sender.Abort();
            if (i % 5 == 2)
                reader.Abort();
            await Task.Delay(2);
        }

        var seen = await events.SeeAsync(Count);

        Assert.Equal(Enumerable.Range(0, Count).Select(static i => $"{i}"), seen.Select(static one => one.Split(' ')[1]));
        await Task.WhenAll(sending).Soon();
    }

    [Theory]
    [InlineData(ChatTransport.WebSockets)]
    [InlineData(ChatTransport.ServerSentEvents)]
    public async Task Presence_signals_and_reads_arrive(ChatTransport transport)
    {
        await using var server = await RealServer.StartAsync();
        await using var ann = Create(server, transport);
        await using var bob = Create(server, transport, "bob");
        await using var events = ann.Read();
        await ann.ConnectAsync().Soon();
        await bob.ConnectAsync().Soon();

        var presence = await events.NextAsync<PresenceChanged>();
        while (presence.Count < 2)
            presence = await events.NextAsync<PresenceChanged>();
        Assert.Equal(["ann", "bob"], presence.Here.Order());
        bob.Signal("typing", "…");
        var signal = await events.NextAsync<SignalReceived>();
        Assert.Equal(("bob", "typing", "…"), (signal.From, signal.Name, signal.Data));
        var position = await bob.SendAsync("hi").Soon();
        bob.MarkRead(position);
        Assert.Equal(("bob", position), await events.NextAsync<ReadMoved>() is var read ? (read.User, read.Position) : default);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_client_that_was_offline_for_too_long_gets_the_number_of_missing_messages(ChatTransport transport)
    {
        await using var server = await RealServer.StartAsync(static options => options.HistoryCapacity = 3);
        await using var sender = Create(server, transport);
        var (back, waits) = (new TaskCompletionSource<string?>(), new TaskCompletionSource());
        var isAway = false;
        await using var reader = Clients.Create(server.Address, options =>
        {
            options.Transports = [transport];
            options.Token = _ =>
            {
                if (!Volatile.Read(ref isAway))
                    return Task.FromResult<string?>("bob");
                waits.TrySetResult();
                return back.Task;
            };
        });
        await using var events = reader.Read();
        await Task.WhenAll(sender.ConnectAsync(), reader.ConnectAsync()).Soon();
        await sender.SendAsync("1").Soon();
        await events.NextAsync<MessageReceived>();

        Volatile.Write(ref isAway, true);
        reader.Abort();
        await waits.Task.Soon();
        for (var i = 2; i <= 6; i++)
            await sender.SendAsync($"{i}").Soon();
        back.SetResult("bob");

        Assert.Equal(2, (await events.NextAsync<GapDetected>()).Missed);
        Assert.Equal("4", (await events.NextAsync<MessageReceived>()).Text);
        Assert.False((await events.NextAsync<RoomLive>()).Recovered);
    }

    [Theory]
    [InlineData(ChatTransport.WebSockets)]
    [InlineData(ChatTransport.ServerSentEvents)]
    public async Task A_client_with_more_messages_than_one_burst_sends_all_of_them_in_order(ChatTransport transport)
    {
        const int Count = 300;
        await using var server = await RealServer.StartAsync(static options => (options.MaxMessagesPerSecond, options.MaxMessageBurst) = (200, 50));
        await using var client = Create(server, transport);
        await client.ConnectAsync().Soon();

        var positions = await Task.WhenAll(Enumerable.Range(0, Count).Select(i => client.SendAsync($"{i}"))).Soon();

        Assert.Equal(Enumerable.Range(1, Count).Select(static i => (long)i), positions.Select(static position => position.Sequence));
    }

    [Fact]
    public async Task A_client_joins_more_rooms_than_one_burst_also_on_the_next_connection()
    {
        await using var server = await RealServer.StartAsync(static options => (options.MaxMessagesPerSecond, options.MaxMessageBurst) = (100, 10));
        await using var client = Create(server, ChatTransport.WebSockets);
        await using var events = client.Read();
        var rooms = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => client.JoinAsync($"room{i}")).Append(ConnectAsync())).Soon();

        client.Abort();
        var live = new HashSet<string?>();
        await events.UntilAsync(ChatState.Reconnecting);
        var positions = await Task.WhenAll(rooms.OfType<JoinedRoom>().Select(static room => room.SendAsync(room.Name))).Soon();

        Assert.All(positions, static position => Assert.Equal(1, position.Sequence));

        async Task<JoinedRoom> ConnectAsync()
        {
            await client.ConnectAsync();
            return null!;
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_client_uses_the_HttpClient_of_the_application(ChatTransport transport)
    {
        await using var server = await RealServer.StartAsync();
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        await using var client = Clients.Create(server.Address, options =>
        {
            options.Transports = [transport];
            options.HttpMessageInvoker = http;
        });

        await client.ConnectAsync().Soon();

        await client.SendAsync("hi").Soon();
    }

    [Fact]
    public async Task A_client_survives_a_restart_of_the_server()
    {
        var server = await RealServer.StartAsync();
        await using var client = Create(server, ChatTransport.WebSockets);
        await using var events = client.Read();
        await client.ConnectAsync().Soon();
        await client.SendAsync("before").Soon();
        var port = server.Port;
        await server.DisposeAsync();
        var sending = client.SendAsync("meanwhile");

        await using var next = await RealServer.StartAsync(port: port);

        await sending.Soon();
        var seen = (await events.SeeAsync(3)).Select(static one => one.Split(' '));
        Assert.Equal(["before", "gap", "meanwhile"], seen.Select(static words => words[0] == "gap" ? "gap" : words[1]));
    }

    [Fact]
    public async Task The_server_takes_a_user_out_of_a_room_and_disconnects_it()
    {
        await using var server = await RealServer.StartAsync();
        await using var client = Create(server, ChatTransport.WebSockets);
        await using var events = client.Read();
        await client.ConnectAsync().Soon();
        await client.JoinAsync("team").Soon();
        var broadcaster = server.Services.GetRequiredService<IRoomBroadcaster>();

        await broadcaster.LeaveUserAsync("ann", "team", "The team was closed.");
        Assert.Equal(("team", "The team was closed."), await events.NextAsync<RoomLeft>() is var left ? (left.Room, left.Reason) : default);
        await broadcaster.DisconnectUserAsync("ann", (System.Net.WebSockets.WebSocketCloseStatus)4001);

        Assert.Equal(4001, (await events.UntilAsync(ChatState.Closed)).CloseCode);
    }

    private static ChatClient Create(RealServer server, ChatTransport transport, string user = "ann") => Create(server.Address, transport, user);

    private static ChatClient Create(Uri address, ChatTransport transport, string user) => Clients.Create(address, options =>
    {
        options.Transports = [transport];
        options.Token = _ => Task.FromResult<string?>(user);
        options.Times = options.Times with { Refused = TimeSpan.FromSeconds(10), Busy = TimeSpan.FromSeconds(5) };
    });
}
