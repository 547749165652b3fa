using System.Net.WebSockets;
using System.Text.Json.Nodes;
using ChatKit.Connections;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Connections;

public class ClientDialogTests
{
    private const int HandlerFailed = 102;

    private static ScriptedHandler Broadcasts => new() { Message = static (handler, message) => handler.Broadcast(message.Text) };

    [Fact]
    public async Task The_first_frame_is_the_welcome()
    {
        await using var host = new ChatHost();
        var handler = new ScriptedHandler { Open = static handler => handler.Send("first") };
        var connection = host.Connect("lobby", handler, null, static abort => new()
        {
            Room = "lobby",
            Abort = abort,
            Id = "c",
            Subprotocol = ChatKitSubprotocol.V1,
        });

        Assert.Equal("""{"type":"welcome","connection":"c","room":"lobby","ping":20,"limit":65536,"rooms":128}""", await connection.Client.ReceiveTextAsync());
        Assert.Equal("""{"type":"message","at":"2026-11-22T18:00:00Z","data":"first"}""", await connection.Client.ReceiveTextAsync());
        Assert.Equal("""{"type":"live","room":"lobby","position":":0","recovered":false}""", await connection.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_handler_works_the_same_for_plain_and_v1_clients()
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async(Broadcasts);
        var plain = await host.EnterAsync(handler: Broadcasts);

        await plain.Client.SendAsync("from plain");
        Assert.Equal(["knock", "from plain"], await plain.Client.ReceiveTextsAsync(2));
        await connection.Client.SendAsync("""{"type":"message","data":"from v1"}""");

        Assert.Equal("from v1", await plain.Client.ReceiveTextAsync());
        Assert.Equal(["knock", "from plain", "from v1"], (await connection.Client.ReceiveJsonAsync(3)).Shorten());
        Assert.Equal(["open", "from v1"], connection.Handler.Calls);
    }

    [Fact]
    public async Task An_ack_has_the_room_and_position_of_the_message()
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async(Broadcasts);
        await host.Broadcaster.BroadcastAsync("lobby", "before");

        var ack = await SendAsync(connection, "hi", "a-1");

        var stored = (await host.History.ReadAsync("lobby")).Messages;
        Assert.Equal(["before", "hi"], stored.Select(static m => m.Text));
        Assert.Equal(("lobby", stored[1].Position.ToString()), ((string?)ack["room"], (string?)ack["position"]));
    }

    [Fact]
    public async Task A_message_without_a_ref_is_not_acknowledged()
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async(new ScriptedHandler());

        await connection.Client.SendAsync("""{"type":"message","data":"nameless"}""");
        await connection.Client.SendAsync("""{"type":"message","data":"named","ref":"a-1"}""");

        Assert.Equal("""{"type":"ack","ref":"a-1"}""", await connection.Client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_message_sent_again_with_the_same_ref_is_stored_once_and_acknowledged_with_its_first_position()
    {
        await using var host = new ChatHost();
        var listener = await host.EnterAsync();
        var (first, _) = await host.EnterV1Async(Broadcasts);
        var once = await SendAsync(first, "hi", "a-1");
        await host.Broadcaster.BroadcastAsync("lobby", "between");
        var (second, _) = await host.EnterV1Async(Broadcasts);

        var again = await SendAsync(second, "hi", "a-1");
        await SendAsync(second, "end", "a-2");

        Assert.Equal((string?)once["position"], (string?)again["position"]);
        Assert.Equal(["hi", "between", "end"], (await host.History.ReadAsync("lobby")).Messages.Select(static m => m.Text));
        Assert.Equal(["hi", "between", "end"], await listener.Client.ReceiveTextsAsync(3));
    }

    [Fact]
    public async Task All_broadcasts_of_a_handled_message_are_stored_once_when_it_is_sent_again()
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async(new ScriptedHandler
        {
            Message = async (handler, message) =>
            {
                await handler.Broadcast(message.Text + "1");
                await handler.Broadcast(message.Text + "2", new BroadcastOptions { Room = "other" });
                await host.Broadcaster.BroadcastAsync("lobby", message.Text + "3");
            },
        });

        var first = await SendAsync(connection, "hi", "a-1");
        var second = await SendAsync(connection, "hi", "a-1");

        Assert.Equal((string?)first["position"], (string?)second["position"]);
        Assert.Equal(["hi1", "hi3"], (await host.History.ReadAsync("lobby")).Messages.Select(static m => m.Text));
        Assert.Equal(["hi2"], (await host.History.ReadAsync("other")).Messages.Select(static m => m.Text));
    }

    [Fact]
    public async Task A_handler_that_broadcasts_differently_on_a_retry_stores_only_what_is_missing()
    {
        // Greets the first time only; the store is away just after the greeting.
        await using var room = new Rooms.RoomFixture();
        var (greeted, tries) = (false, 0);
        var (connection, _) = await room.Host.EnterV1Async(new ScriptedHandler
        {
            Message = async (handler, message) =>
            {
                tries++;
                if (!greeted)
                {
                    greeted = true;
                    await handler.Broadcast("greeting");
                    room.History.Down = true;
                }

                await handler.Broadcast(message.Text);
            },
        });

        await connection.Client.SendAsync("""{"type":"message","data":"hi","ref":"a-1"}""");
        var error = (await connection.Client.ReceiveJsonUntilAsync("error"))[^1];
        Assert.Equal("unavailable", (string?)error["code"]);
        room.History.Down = false;
        await connection.Client.SendAsync("""{"type":"message","data":"hi","ref":"a-1"}""");
        var ack = (await connection.Client.ReceiveJsonUntilAsync("ack"))[^1];

        var stored = (await room.Host.History.ReadAsync("lobby")).Messages;
        Assert.Equal(["greeting", "hi"], stored.Select(static m => m.Text));
        Assert.Equal(stored[1].Position.ToString(), (string?)ack["position"]);
        Assert.Equal(2, tries);
    }

    [Fact]
    public async Task A_text_broadcast_twice_is_stored_twice_and_not_again_on_a_retry()
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async(new ScriptedHandler
        {
            Message = static async (handler, message) =>
            {
                await handler.Broadcast(message.Text);
                await handler.Broadcast(message.Text);
            },
        });

        await SendAsync(connection, "hi", "a-1");
        await SendAsync(connection, "hi", "a-1");

        Assert.Equal(["hi", "hi"], (await host.History.ReadAsync("lobby")).Messages.Select(static m => m.Text));
    }

    [Fact]
    public async Task The_same_ref_from_another_user_is_another_message()
    {
        await using var host = new ChatHost();
        foreach (var user in new[] { "anna", "bob" })
        {
            var connection = host.Connect("lobby", Broadcasts, null, abort => new()
            {
                Room = "lobby",
                Abort = abort,
                Subprotocol = ChatKitSubprotocol.V1,
                User = Users.Named(user),
            });
            await connection.Client.ReceiveJsonUntilAsync("live");
            await SendAsync(connection, user, "a-1");
        }

        Assert.Equal(["anna", "bob"], (await host.History.ReadAsync("lobby")).Messages.Select(static m => m.Text));
    }

    [Fact]
    public async Task A_broadcast_after_the_handler_returned_does_not_belong_to_the_message()
    {
        await using var host = new ChatHost();
        var ticking = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ticked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var handled = 0;
        var (connection, _) = await host.EnterV1Async(new ScriptedHandler
        {
            Message = async (handler, message) =>
            {
                if (handled++ == 0)
                    _ = TickAsync(handler);
                await handler.Broadcast(message.Text);
            },
        });

        var first = await SendAsync(connection, "hi", "a-1");
        ticking.SetResult();
        await ticked.Task.Soon();
        var second = await SendAsync(connection, "hi", "a-1");

        Assert.Equal((string?)first["position"], (string?)second["position"]);
        Assert.Equal(["hi", "tick"], (await host.History.ReadAsync("lobby")).Messages.Select(static m => m.Text));

        async Task TickAsync(ScriptedHandler handler)
        {
            await ticking.Task;
            await handler.Broadcast("tick");
            ticked.SetResult();
        }
    }

    [Fact]
    public async Task A_message_that_could_not_be_stored_is_answered_with_an_error_and_stored_when_sent_again()
    {
        await using var host = WithFaults(out var history);
        var (connection, _) = await host.EnterV1Async(Broadcasts);
        history().Down = true;
        await connection.Client.SendAsync("""{"type":"message","data":"1","ref":"a-1"}""");
        AssertError(await connection.Client.ReceiveJsonAsync(), "a-1", "unavailable");

        history().Down = false;
        var ack = await SendAsync(connection, "1", "a-1");

        Assert.Equal(1, MessagePosition.Parse((string)ack["position"]!).Sequence);
    }

    [Fact]
    public async Task No_later_message_with_a_ref_overtakes_one_that_could_not_be_stored()
    {
        await using var host = WithFaults(out var history);
        var (connection, _) = await host.EnterV1Async(Broadcasts);
        history().Down = true;
        await connection.Client.SendAsync("""{"type":"message","data":"1","ref":"a-1"}""");
        AssertError(await connection.Client.ReceiveJsonAsync(), "a-1", "unavailable");
        history().Down = false;

        await connection.Client.SendAsync("""{"type":"message","data":"nameless"}""");
        Assert.Equal("nameless", (string?)(await connection.Client.ReceiveJsonAsync())["data"]);
        await connection.Client.SendAsync("""{"type":"message","data":"2","ref":"a-2"}""");
        AssertError(await connection.Client.ReceiveJsonAsync(), "a-2", "unavailable");
        await SendAsync(connection, "1", "a-1");
        await SendAsync(connection, "2", "a-2");

        Assert.Equal(["nameless", "1", "2"], (await host.History.ReadAsync("lobby")).Messages.Select(static m => m.Text));
    }

    [Fact]
    public async Task A_handler_that_tries_again_after_a_failure_stores_its_message_once()
    {
        await using var host = WithFaults(out var history);
        var (connection, _) = await host.EnterV1Async(new ScriptedHandler
        {
            Message = async (handler, message) =>
            {
                try
                {
                    await handler.Broadcast(message.Text);
                }
                catch (HistoryUnavailableException)
                {
                    history().Down = false;
                    await handler.Broadcast(message.Text);
                }
            },
        });
        history().Down = true;

        var first = await SendAsync(connection, "1", "a-1");
        var second = await SendAsync(connection, "1", "a-1");

        Assert.Equal((string?)first["position"], (string?)second["position"]);
        Assert.Equal(["1"], (await host.History.ReadAsync("lobby")).Messages.Select(static m => m.Text));
    }

    [Fact]
    public async Task A_message_without_a_ref_that_could_not_be_stored_is_answered_with_an_error()
    {
        await using var host = WithFaults(out var history);
        var (connection, _) = await host.EnterV1Async(Broadcasts);
        history().Down = true;
        await connection.Client.SendAsync("""{"type":"message","data":"1"}""");

        AssertError(await connection.Client.ReceiveJsonAsync(), null, "unavailable");
    }

    [Fact]
    public async Task A_message_whose_handler_fails_is_answered_with_failed()
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async(new ScriptedHandler { Message = static (_, _) => throw new InvalidOperationException("secret") });

        await connection.Client.SendAsync("""{"type":"message","data":"1","ref":"a-1"}""");

        var error = await connection.Client.ReceiveJsonAsync();
        AssertError(error, "a-1", "failed");
        Assert.DoesNotContain("secret", error.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal((1011, "the handler failed"), await connection.Client.ReceiveAndAnswerCloseAsync());
    }

    [Fact]
    public async Task A_message_whose_handler_fails_while_the_queue_is_full_is_answered_with_failed()
    {
        await using var host = new ChatHost();
        var handler = new ScriptedHandler
        {
            Message = static async (handler, _) =>
            {
                await handler.Send(new string('x', 900));
                throw new InvalidOperationException();
            },
        };
        var connection = await host.ConnectV1Async(handler, options: new() { OutboundQueueLimit = 1024 }, buffer: 1);
        await connection.Client.ReceiveJsonUntilAsync("live");

        await connection.Client.SendAsync("""{"type":"message","ref":"a-1","data":"hi"}""");
        await Patience.UntilAsync(() => host.Logs.GetSnapshot().Any(static line => line.Id.Id == HandlerFailed), "the handler has failed");

        Assert.Equal("message", (string?)(await connection.Client.ReceiveJsonAsync())["type"]);
        AssertError(await connection.Client.ReceiveJsonAsync(), "a-1", "failed");
        Assert.Equal(1011, (await connection.Client.ReceiveAndAnswerCloseAsync()).Code);
    }

    [Fact]
    public async Task A_malformed_frame_is_answered_with_an_error_and_does_not_reach_the_handler()
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async(Broadcasts);

        await connection.Client.SendAsync("""{"type":"message","ref":"a-1"}""");
        AssertError(await connection.Client.ReceiveJsonAsync(), "a-1", "malformed");
        await connection.Client.SendAsync("hello");
        AssertError(await connection.Client.ReceiveJsonAsync(), null, "malformed");
        await connection.Client.SendAsync(new byte[] { 1, 2, 3 });
        AssertError(await connection.Client.ReceiveJsonAsync(), null, "malformed");

        await SendAsync(connection, "fine", "a-2");
        Assert.Equal(["open", "fine"], connection.Handler.Calls);
    }

    [Fact]
    public async Task Frames_of_unknown_types_are_answered_in_order_and_do_no_harm()
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async(Broadcasts);

        for (var i = 0; i < 20; i++)
        {
            await connection.Client.SendAsync($$"""{"type":"message","ref":"m-{{i}}","data":"hi"}""");
            await connection.Client.SendAsync($$"""{"type":"react","data":{"more":"than a text"},"ref":"e-{{i}}"}""");
            Assert.Equal($"m-{i}", (string?)(await connection.Client.ReceiveJsonUntilAsync("ack"))[^1]["ref"]);
            AssertError((await connection.Client.ReceiveJsonUntilAsync("error"))[^1], $"e-{i}", "unsupported");
        }

        Assert.Equal(["open", .. Enumerable.Repeat("hi", 20)], connection.Handler.Calls);
    }

    [Fact]
    public async Task Answers_to_frames_of_unknown_types_do_not_fill_memory()
    {
        const int Count = 3000, Limit = 16 * 1024;
        await using var host = new ChatHost();
        var connection = await host.ConnectV1Async(
            options: new() { OutboundQueueLimit = Limit, PingInterval = Timeout.InfiniteTimeSpan }, buffer: 1024);
        await connection.Client.ReceiveJsonUntilAsync("live");
        var outbound = ((ServerConnection)connection.Handler.Connection).Outbound;

        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < Count; i++)
                await connection.Client.SendAsync($$"""{"type":"later","ref":"l-{{i}}"}""");
        });
        await Patience.UntilAsync(() => outbound.BytesWaiting > Limit / 2, "answers are queued");
        Assert.False(sending.IsCompleted);

        for (var i = 0; i < Count; i++)
        {
            AssertError(await connection.Client.ReceiveJsonAsync(), $"l-{i}", "unsupported");
            Assert.InRange(outbound.BytesWaiting, 0, Limit + 1024);
        }

        await sending.Soon();
    }

    [Fact]
    public async Task Ten_malformed_frames_close_the_connection()
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async(Broadcasts);
        for (var i = 0; i < 9; i++)
            await connection.Client.SendAsync("{}");
        await SendAsync(connection, "still here", "a-1", skip: 9);

        await connection.Client.SendAsync("{}");

        Assert.Equal((1008, "too many malformed frames"), await connection.Client.ReceiveAndAnswerCloseAsync());
    }

    [Fact]
    public async Task A_v1_client_gets_a_ping_frame_and_its_pong_does_not_reach_the_handler()
    {
        await using var host = new ChatHost();
        var (connection, _) = await host.EnterV1Async(new ScriptedHandler());

        host.Clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("""{"type":"ping"}""", await connection.Client.ReceiveTextAsync());
        await connection.Client.SendAsync("""{"type":"pong"}""");
        await SendAsync(connection, "hi", "a-1");
        host.Clock.Advance(TimeSpan.FromSeconds(20));

        Assert.Equal("""{"type":"ping"}""", await connection.Client.ReceiveTextAsync());
        Assert.Equal(["open", "hi"], connection.Handler.Calls);
    }

    [Fact]
    public async Task A_message_for_a_user_has_no_room()
    {
        await using var host = new ChatHost();
        var connection = host.Connect("lobby", Broadcasts, null, static abort => new()
        {
            Room = "lobby",
            Abort = abort,
            Subprotocol = ChatKitSubprotocol.V1,
            User = Users.Named("anna"),
        });
        Assert.Equal(["welcome", "live"], (await connection.Client.ReceiveJsonUntilAsync("live")).Shorten());

        await host.Broadcaster.SendToUserAsync("anna", "psst");

        Assert.Equal("""{"type":"message","at":"2026-11-22T18:00:00Z","data":"psst"}""", await connection.Client.ReceiveTextAsync());
    }

    private static async Task<JsonObject> SendAsync(ChatConnection connection, string text, string reference, int skip = 0)
    {
        await connection.Client.SendAsync($$"""{"type":"message","ref":"{{reference}}","data":"{{text}}"}""");
        await connection.Client.ReceiveJsonAsync(skip);
        var frames = await connection.Client.ReceiveJsonUntilAsync("ack");
        Assert.Equal(reference, (string?)frames[^1]["ref"]);
        return frames[^1];
    }

    private static void AssertError(JsonObject frame, string? reference, string code)
    {
        Assert.Equal(("error", reference, code), ((string?)frame["type"], (string?)frame["ref"], (string?)frame["code"]));
        Assert.NotEmpty((string)frame["text"]!);
    }

    private static ChatHost WithFaults(out Func<FaultyHistory> history)
    {
        var fixture = new Rooms.RoomFixture();
        history = () => fixture.History;
        return fixture.Host;
    }
}
