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

    private static Task<PollResult> PollAsync(ChatHost host, ScriptedHandler handler, CancellationToken gone)
    {
        var info = new WebSocketConnectionInfo { Room = "lobby", Subprotocol = ChatKitSubprotocol.V1, Abort = static () => { } };
        return Task.Run(() => host.Services.GetRequiredService<WebSocketHandlerRunner>()
            .PollAsync(new PollRequest { Wait = TimeSpan.FromMinutes(1) }, info, new WebSocketConnectionOptions(), _ => handler, gone));
    }
}
