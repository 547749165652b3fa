using System.Text;
using ChatKit.Tests.Fixtures;
using ChatKit.Tests.Rooms;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Connections;

/// <summary>Polls whose clients end the request.</summary>
public class PollTransportTests
{
    [Fact]
    public async Task A_poll_of_a_client_that_has_gone_before_it_begins_ends_at_once()
    {
        await using var host = new ChatHost();
        var handler = new ScriptedHandler();

        await PollAsync(host, handler, new CancellationToken(canceled: true)).Soon();

        Assert.Equal(["open", "close"], handler.Calls);
        Assert.False((await handler.Closed.Soon()).WasClean);
    }

    [Fact]
    public async Task A_poll_of_a_client_that_goes_before_it_has_caught_up_ends_at_once()
    {
        using var gone = new CancellationTokenSource();
        await using var room = new RoomFixture();
        var (isReading, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        room.History.AfterRead = () =>
        {
            isReading.TrySetResult();
            return goOn.Task;
        };
        var handler = new ScriptedHandler();
        var polling = PollAsync(room.Host, handler, gone.Token);
        await isReading.Task.Soon();

        await gone.CancelAsync();
        goOn.SetResult();

        await polling.Soon();
        Assert.False((await handler.Closed.Soon()).WasClean);
    }

    [Fact]
    public async Task One_message_wakes_5000_polls_and_the_history_is_not_read_for_each()
    {
        const int Polls = 5000;
        await using var room = new RoomFixture();
        var position = await room.Host.Broadcaster.BroadcastAsync("lobby", "1", TestContext.Current.CancellationToken);
        var handlers = Enumerable.Range(0, Polls).Select(static _ => new ScriptedHandler()).ToArray();
        var polls = Array.ConvertAll(handlers, handler => PollAsync(room.Host, handler, CancellationToken.None, position));
        await Patience.UntilAsync(() => handlers.All(static handler => handler.Calls.Contains("open")), "all polls wait");
        var reads = room.History.Reads;

        await room.Host.Broadcaster.BroadcastAsync("lobby", "2", TestContext.Current.CancellationToken);

        Assert.All(await Task.WhenAll(polls).Soon(), static poll => Assert.Contains("\"data\":\"2\"", Encoding.UTF8.GetString(poll.Body.Span)));
        Assert.InRange(room.History.Reads, 1, 50);
        Assert.InRange(room.History.Reads - reads, 0, 10);
    }

    private static Task<PollResult> PollAsync(ChatHost host, ScriptedHandler handler, CancellationToken gone, MessagePosition? after = null)
    {
        var info = new WebSocketConnectionInfo
        {
            Room = "lobby",
            Subprotocol = ChatKitSubprotocol.V1,
            Abort = static () => { },
            ResumeAfter = after is { } position ? new Dictionary<string, MessagePosition> { ["lobby"] = position } : [],
        };
        return Task.Run(() => host.Services.GetRequiredService<WebSocketHandlerRunner>()
            .PollAsync(new PollRequest { Wait = TimeSpan.FromMinutes(1) }, info, new WebSocketConnectionOptions(), _ => handler, gone));
    }
}
