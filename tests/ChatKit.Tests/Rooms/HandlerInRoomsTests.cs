using System.Security.Claims;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Moq;

namespace ChatKit.Tests.Rooms;

/// <summary>Rooms as handlers and their clients see them.</summary>
public class HandlerInRoomsTests
{
    private static readonly BroadcastOptions ToOthers = new() { Audience = Audience.Others };
    private static readonly BroadcastOptions Ephemeral = new() { Store = false };

    [Fact]
    public async Task A_client_that_joins_gets_stored_messages_and_then_live_ones()
    {
        await using var host = new ChatHost();
        var first = await host.EnterAsync();
        await first.Handler.Broadcast("1");
        await first.Handler.Broadcast(new byte[] { 2 });

        var second = await host.EnterAsync();
        await first.Handler.Broadcast("3");

        Assert.Equal("1", await second.Client.ReceiveTextAsync());
        Assert.Equal([2], (await second.Client.ReceiveAsync())?.Data.ToArray());
        Assert.Equal("3", await second.Client.ReceiveTextAsync());
    }

    [Theory]
    [InlineData(null, 100)]
    [InlineData(3, 3)]
    [InlineData(0, 0)]
    public async Task The_endpoint_sets_how_many_messages_its_rooms_keep(int? capacity, int kept)
    {
        await using var host = new ChatHost();
        var options = new WebSocketConnectionOptions { HistoryCapacity = capacity };
        var first = await host.EnterAsync(options: options);
        for (var i = 1; i <= 120; i++)
            await first.Handler.Broadcast($"{i}");

        var second = await host.EnterAsync(options: options);
        await first.Handler.Broadcast("live");

        Assert.Equal([.. Enumerable.Range(121 - kept, kept).Select(static i => $"{i}"), "live"], await second.Client.ReceiveUntilAsync("live"));
        Assert.Equal(kept == 0 ? 0 : kept, (await host.History.ReadAsync("lobby")).Messages.Count);
    }

    [Fact]
    public async Task Everyone_includes_the_sender_and_Others_does_not()
    {
        await using var host = new ChatHost();
        var sender = await host.EnterAsync();
        var other = await host.EnterAsync();

        await sender.Handler.Broadcast("others 1", ToOthers);
        await sender.Handler.Broadcast("all 1");
        await sender.Handler.Broadcast("others 2", ToOthers);
        await sender.Handler.Broadcast("all 2");

        Assert.Equal(["all 1", "all 2"], await sender.Client.ReceiveTextsAsync(2));
        Assert.Equal(["others 1", "all 1", "others 2", "all 2"], await other.Client.ReceiveTextsAsync(4));
        var late = await host.EnterAsync();
        Assert.Equal(["others 1", "all 1", "others 2", "all 2"], await late.Client.ReceiveTextsAsync(4));
    }

    [Fact]
    public async Task An_ephemeral_message_reaches_only_the_current_members()
    {
        await using var host = new ChatHost();
        var sender = await host.EnterAsync();
        await sender.Handler.Broadcast("stored");
        await sender.Handler.Broadcast("gone", Ephemeral);
        Assert.Equal(["stored", "gone"], await sender.Client.ReceiveTextsAsync(2));

        var late = await host.EnterAsync();
        await sender.Handler.Broadcast("last");

        Assert.Equal(["stored", "last"], await late.Client.ReceiveTextsAsync(2));
    }

    [Fact]
    public async Task A_handler_may_broadcast_to_a_room_without_being_in_it()
    {
        await using var host = new ChatHost();
        var sender = await host.EnterAsync("a");
        var member = await host.EnterAsync("b");

        await sender.Handler.Broadcast("to b", new BroadcastOptions { Room = "b" });
        await sender.Handler.Broadcast("to a");

        Assert.Equal("to b", await member.Client.ReceiveTextAsync());
        Assert.Equal("to a", await sender.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_handler_can_join_and_leave_more_rooms()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync("home");
        await host.Broadcaster.BroadcastAsync("b", "before");

        await connection.Handler.Join("b");
        await connection.Handler.Join("b");
        await host.Broadcaster.BroadcastAsync("b", "joined");
        Assert.Equal(["before", "joined"], await connection.Client.ReceiveTextsAsync(2));

        await connection.Handler.Leave("b");
        await connection.Handler.Leave("b");
        await host.Broadcaster.BroadcastAsync("b", "left");
        await host.Broadcaster.BroadcastAsync("home", "end");
        Assert.Equal("end", await connection.Client.ReceiveTextAsync());

        await connection.Handler.Leave("home");
        Assert.Equal(0, host.Rooms.Count);
    }

    [Fact]
    public async Task A_handler_may_join_its_home_room_early()
    {
        await using var host = new ChatHost();
        await host.Broadcaster.BroadcastAsync("lobby", "stored");
        var connection = await host.EnterAsync(handler: new ScriptedHandler
        {
            Open = static async handler =>
            {
                await handler.Join(handler.HomeRoom);
                await handler.Send("opened");
            },
        });
        await host.Broadcaster.BroadcastAsync("lobby", "end");

        Assert.Equal(["stored", "opened", "end"], await connection.Client.ReceiveTextsAsync(3));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_can_join_a_limited_number_of_rooms(bool withUser)
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync(info: abort => new() { Room = "home", Abort = abort, User = withUser ? User("u") : new() });
        for (var i = 1; i < 128; i++)
            await connection.Handler.Join($"{i}");

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => connection.Handler.Join("one more").AsTask());
        Assert.Contains("128", refusal.Message);
        Assert.Contains(nameof(ChatKitOptions.MaxRoomsPerConnection), refusal.Message);

        await connection.Handler.Join("5");
        await connection.Handler.Leave("5");
        await connection.Handler.Join("one more");
    }

    [Fact]
    public async Task An_invalid_room_name_is_rejected()
    {
        await using var host = new ChatHost();
        var handler = (await host.EnterAsync()).Handler;
        foreach (var name in new[] { "", new string('x', 256), "\u0001user:u", "\ud83d" })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => handler.Join(name).AsTask());
            await Assert.ThrowsAsync<ArgumentException>(() => handler.Broadcast("x", new BroadcastOptions { Room = name }).AsTask());
            await Assert.ThrowsAsync<ArgumentException>(() => host.Broadcaster.BroadcastAsync(name, "x").AsTask());
            await Assert.ThrowsAsync<ArgumentException>(() => host.Broadcaster.BroadcastAsync(name, new byte[1]).AsTask());
        }
    }

    [Fact]
    public async Task The_application_can_broadcast_from_anywhere()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();

        await host.Broadcaster.BroadcastAsync("lobby", "stored");
        await host.Broadcaster.BroadcastAsync("lobby", new byte[] { 1, 2 });
        await host.Broadcaster.BroadcastAsync("lobby", "ephemeral", new RoomBroadcastOptions { Store = false });

        Assert.Equal("stored", await connection.Client.ReceiveTextAsync());
        Assert.Equal([1, 2], (await connection.Client.ReceiveAsync())?.Data.ToArray());
        Assert.Equal("ephemeral", await connection.Client.ReceiveTextAsync());
        var page = await host.History.ReadAsync("lobby");
        Assert.Equal(["stored", "\u0001\u0002"], page.Messages.Select(static m => m.Text));
        Assert.All(page.Messages, static message => Assert.Null(message.ConnectionId));
        Assert.All(page.Messages, message => Assert.Equal(host.Clock.GetUtcNow(), message.At));
    }

    [Fact]
    public async Task The_application_can_send_to_every_connection_of_a_user()
    {
        await using var host = new ChatHost();
        var one = await host.EnterAsync(info: abort => new() { Room = "a", Abort = abort, User = User("ann") });
        var two = await host.EnterAsync(info: abort => new() { Room = "b", Abort = abort, User = User("ann") });
        var other = await host.EnterAsync(info: abort => new() { Room = "a", Abort = abort, User = User("bob") });

        await host.Broadcaster.SendToUserAsync("ann", "for ann");
        await host.Broadcaster.SendToUserAsync("bob", "for bob");

        Assert.Equal("for ann", await one.Client.ReceiveTextAsync());
        Assert.Equal("for ann", await two.Client.ReceiveTextAsync());
        Assert.Equal("for bob", await other.Client.ReceiveTextAsync());
        await Assert.ThrowsAsync<ArgumentException>(() => host.Broadcaster.SendToUserAsync("", "x").AsTask());
    }

    [Fact]
    public async Task The_history_stores_the_sender()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync(info: abort => new() { Room = "a", Abort = abort, Id = "c", User = User("ann") });

        await connection.Handler.Broadcast("hi", ToOthers);

        var message = Assert.Single((await host.History.ReadAsync("a")).Messages);
        Assert.Equal(("ann", "c", Audience.Others), (message.From, message.ConnectionId, message.Audience));
    }

    [Fact]
    public async Task A_message_that_cannot_be_stored_throws_in_the_handler_and_is_not_delivered()
    {
        await using var room = new RoomFixture();
        Exception? caught = null;
        var sender = await room.Host.EnterAsync(handler: new ScriptedHandler
        {
            Message = async (handler, message) =>
            {
                if (message.Text == "caught")
                    caught = await Record.ExceptionAsync(() => handler.Broadcast("never").AsTask());
                else if (message.Text != "knock")
                    await handler.Broadcast(message.Text);
            },
        });
        var other = await room.Host.EnterAsync();
        room.History.Down = true;
        await sender.Client.SendAsync("caught");
        await sender.Client.SendAsync("escapes");
        await sender.WaitUntilHandledAsync("escapes");
        await Patience.UntilAsync(() => room.Host.Logs.GetSnapshot().Any(static record => record.Id.Id == 104), "the failure is logged");
        room.History.Down = false;

        await sender.Client.SendAsync("works again");

        Assert.IsType<HistoryUnavailableException>(caught);
        Assert.Equal("works again", await sender.Client.ReceiveTextAsync());
        Assert.Equal("works again", await other.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_client_that_joins_while_history_is_down_gets_stored_messages_later()
    {
        await using var room = new RoomFixture();
        await room.Host.Broadcaster.BroadcastAsync("lobby", "stored");
        room.History.Down = true;
        var connection = await room.Host.EnterAsync();
        await room.Host.Broadcaster.SendToUserAsync("nobody", "x");
        room.History.Down = false;

        room.Check();

        Assert.Equal("stored", await connection.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_failed_join_can_be_retried()
    {
        await using var room = new RoomFixture();
        var connection = await room.Host.EnterAsync();
        room.Backplane.Down = true;
        await Assert.ThrowsAsync<IOException>(() => connection.Handler.Join("b").AsTask());
        room.Backplane.Down = false;

        await connection.Handler.Join("b");
        await room.Host.Broadcaster.BroadcastAsync("b", "joined");

        Assert.Equal("joined", await connection.Client.ReceiveTextAsync());
    }

    [Theory]
    [InlineData("handler")]
    [InlineData("subscription")]
    [InlineData("queue")]
    [InlineData("history")]
    public async Task A_canceled_join_leaves_the_room_and_can_be_repeated(string slow)
    {
        await using var room = new RoomFixture();
        await room.Host.Broadcaster.BroadcastAsync("club", "stored");
        var answer = new TaskCompletionSource();
        var handler = new ScriptedHandler
        {
            Authorize = async (_, asked) =>
            {
                if ((asked, slow) == ("club", "handler"))
                    await answer.Task;
                return true;
            },
        };
        var connection = await room.Host.EnterAsync(handler: handler, options: new() { OutboundQueueLimit = 4096 }, buffer: 512);
        if (slow == "subscription")
            room.Backplane.Subscribable = answer.Task;
        if (slow == "history")
            room.History.AfterRead = () => answer.Task;
        if (slow == "queue")
            await handler.Send(new string('x', 3000));
        using var cancel = new CancellationTokenSource();

        var join = handler.Join("club", cancel.Token).AsTask();
        Assert.False(join.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(join.Soon);
        Assert.Equal(1, room.Rooms.Count);
        await room.Host.Broadcaster.BroadcastAsync("club", "missed");
        answer.SetResult();
        if (slow == "queue")
            Assert.Equal(3000, (await connection.Client.ReceiveTextAsync()).Length);
        await room.Host.Broadcaster.BroadcastAsync("lobby", "still out");
        Assert.Equal("still out", await connection.Client.ReceiveTextAsync());
        Assert.Equal(1, room.Rooms.Count);
        await Patience.UntilAsync(() => room.Backplane.Subscriptions == 1, "only the lobby is subscribed to");

        await handler.Join("club", CancellationToken.None).AsTask().Soon();
        await room.Host.Broadcaster.BroadcastAsync("club", "live");

        Assert.Equal(["stored", "missed", "live"], await connection.Client.ReceiveTextsAsync(3));
    }

    [Fact]
    public async Task A_join_with_a_canceled_token_does_not_ask_the_handler()
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();
        var canceled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.Handler.Join("club", canceled).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.Handler.Join("lobby", canceled).AsTask());
        await host.Broadcaster.BroadcastAsync("lobby", "hi");

        Assert.Equal(["lobby"], connection.Handler.AuthorizeCalls);
        Assert.Equal("hi", await connection.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_slow_client_resumes_with_no_gaps_and_no_duplicates_and_delays_no_other_client()
    {
        await using var host = new ChatHost(static options => options.HistoryCapacity = 1000);
        var slow = await host.EnterAsync(options: new() { OutboundQueueLimit = 4096 }, buffer: 1024);
        var fast = await host.EnterAsync();
        string[] texts = [.. Enumerable.Range(0, 500).Select(static i => $"{i}".PadLeft(100))];
        foreach (var text in texts)
            await host.Broadcaster.BroadcastAsync("lobby", text);

        Assert.Equal(texts, await fast.Client.ReceiveTextsAsync(texts.Length));
        Assert.Equal(texts, await slow.Client.ReceiveTextsAsync(texts.Length));
        Assert.Contains(host.Logs.GetSnapshot(), static record => record.Id.Id == 200);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(0)]
    public async Task A_client_too_slow_for_its_room_is_closed_with_1008(int capacity)
    {
        await using var host = new ChatHost();
        var options = new WebSocketConnectionOptions { OutboundQueueLimit = 2048, HistoryCapacity = capacity };
        var slow = await host.EnterAsync(options: options, buffer: 1024);
        var text = new string('x', 1000);
        await Patience.UntilAsync(
            async () =>
            {
                await slow.Handler.Broadcast(text);
                return host.Logs.GetSnapshot().Any(static record => record.Id.Id is 200 or 201);
            },
            "the client is behind");
        for (var i = 0; i <= capacity; i++)
            await slow.Handler.Broadcast(text);

        var (code, reason) = await slow.Client.ReceiveAndAnswerCloseAsync();

        Assert.Equal(1008, code);
        Assert.StartsWith("too slow", reason);
        await slow.Ended.Soon();
        Assert.Equal(1008, (int)(await slow.Handler.Closed).Code);
    }

    private static ClaimsPrincipal User(string id) => new(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, id)]));

    [Fact]
    public async Task With_a_default_capacity_of_0_only_endpoints_with_their_own_capacity_store_messages()
    {
        await using var host = new ChatHost(static options => options.HistoryCapacity = 0);
        var keeping = await host.EnterAsync("kept", new ScriptedHandler { Message = static (h, m) => h.Broadcast(m.Text) }, new() { HistoryCapacity = 5 });
        await host.Broadcaster.BroadcastAsync("other", "x");
        await keeping.Client.SendAsync("y");
        await Patience.UntilAsync(async () => (await host.History.ReadAsync("kept")).Messages.Count == 2, "both messages are stored");

        Assert.Empty((await host.History.ReadAsync("other")).Messages);
    }

    [Fact]
    public async Task A_client_can_join_while_the_history_is_unavailable()
    {
        var history = new Mock<IMessageHistory>();
        history
            .Setup(static h => h.AppendAsync(It.IsAny<string>(), It.IsAny<ChatMessage>(), It.IsAny<int?>(), It.IsAny<CancellationToken>()))
            .Throws<HistoryUnavailableException>();
        history
            .Setup(static h => h.ReadAsync(It.IsAny<string>(), It.IsAny<MessagePosition?>(), It.IsAny<CancellationToken>()))
            .Throws<HistoryUnavailableException>();
        await using var host = new ChatHost(services: services => services.AddSingleton(history.Object));

        var connection = await host.EnterAsync(handler: new ScriptedHandler { Open = static handler => handler.Broadcast("hello") });
        await host.Broadcaster.BroadcastAsync("lobby", "ephemeral", new RoomBroadcastOptions { Store = false });

        Assert.False(connection.Handler.Closed.IsCompleted);
    }
}
