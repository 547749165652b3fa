using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Connections;

/// <summary>A connection lasts no longer than what its client has proved itself with.</summary>
public class ExpiryTests
{
    private static readonly WebSocketConnectionOptions Quiet = new() { PingInterval = Timeout.InfiniteTimeSpan };

    [Fact]
    public async Task A_connection_is_closed_when_its_authentication_expires_and_not_earlier()
    {
        await using var host = new ChatHost();
        var connection = await EnterAsync(host, TimeSpan.FromMinutes(10));

        host.Clock.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(1));
        await host.Broadcaster.BroadcastAsync("lobby", "still there");
        Assert.Equal("still there", await connection.Client.ReceiveTextAsync());
        host.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal((1008, "the credentials have expired"), await connection.Client.ReceiveAndAnswerCloseAsync());
        Assert.Equal((1008, "the credentials have expired"), Ended(await connection.Handler.Closed.Soon()));
        await connection.Ended.Soon();
        Assert.Equal(0, host.Rooms.Count);
    }

    [Theory]
    [InlineData(10.0, 10)]
    [InlineData(10.9, 10)]
    [InlineData(0.9, 0)]
    [InlineData(-5.0, 0)]
    [InlineData(null, null)]
    public async Task The_welcome_says_in_how_many_seconds_the_authentication_expires(double? left, int? expires)
    {
        await using var host = new ChatHost();
        var connection = host.Connect("lobby", new ScriptedHandler(), Quiet, abort => new()
        {
            Room = "lobby",
            Abort = abort,
            Subprotocol = ChatKitSubprotocol.V1,
            ExpiresAt = left is { } seconds ? host.Clock.GetUtcNow().AddSeconds(seconds) : DateTimeOffset.MaxValue,
        });

        Assert.Equal(expires, (int?)(await connection.Client.ReceiveJsonAsync())["expires"]);
    }

    [Fact]
    public async Task A_busy_handler_does_not_delay_the_close_on_expiry()
    {
        await using var host = new ChatHost();
        var done = new TaskCompletionSource();
        var connection = await EnterAsync(host, TimeSpan.FromMinutes(10), new ScriptedHandler
        {
            Message = async (_, message) => await (message.Text == "long" ? done.Task : Task.CompletedTask),
        });
        await connection.Client.SendAsync("long");
        await connection.WaitUntilHandledAsync("long");
        await connection.Client.SendAsync("too late");

        host.Clock.Advance(TimeSpan.FromMinutes(11));

        Assert.Equal(1008, (await connection.Client.ReceiveAndAnswerCloseAsync()).Code);
        done.SetResult();
        await connection.Ended.Soon();
        Assert.DoesNotContain("too late", connection.Handler.Calls);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(-1_000_000_000)]
    public async Task A_connection_whose_authentication_has_already_expired_opens_no_handler_and_no_room(int seconds)
    {
        await using var host = new ChatHost();
        await host.Broadcaster.BroadcastAsync("lobby", "stored");
        var connection = host.Connect("lobby", new ScriptedHandler(), Quiet, Info(host, TimeSpan.FromSeconds(seconds)));

        Assert.Null(await connection.Client.ReceiveAsync());

        Assert.Equal("the credentials have expired", connection.Client.Socket.CloseStatusDescription);
        await connection.Client.SendCloseAsync();
        await connection.Ended.Soon();
        Assert.Empty(connection.Handler.Calls);
        Assert.Empty(connection.Handler.AuthorizeCalls);
        Assert.Equal(0, host.Rooms.Count);
    }

    /// <summary>No timer takes so long.</summary>
    [Theory]
    [InlineData(100)]
    [InlineData(400)]
    public async Task An_expiry_may_be_further_away_than_the_longest_timer(int days)
    {
        await using var host = new ChatHost(clock: new OneShotClock());
        var connection = await EnterAsync(host, TimeSpan.FromDays(days));

        for (var day = 1; day < days; day++)
            host.Clock.Advance(TimeSpan.FromDays(1));
        Assert.False(connection.Handler.Closed.IsCompleted);
        await host.Broadcaster.BroadcastAsync("lobby", "still there");
        Assert.Equal("still there", await connection.Client.ReceiveTextAsync());
        host.Clock.Advance(TimeSpan.FromDays(1) + TimeSpan.FromMilliseconds(1));

        Assert.Equal(1008, (await connection.Client.ReceiveAndAnswerCloseAsync()).Code);
    }

    [Fact]
    public async Task DateTimeOffset_MaxValue_means_that_a_connection_never_expires()
    {
        await using var host = new ChatHost(clock: new OneShotClock());
        var connection = await host.EnterAsync(
            options: Quiet, info: static abort => new() { Room = "lobby", Abort = abort, ExpiresAt = DateTimeOffset.MaxValue });

        host.Clock.Advance(TimeSpan.FromDays(70));
        await host.Broadcaster.BroadcastAsync("lobby", "still there");

        Assert.Equal("still there", await connection.Client.ReceiveTextAsync());
    }

    private static (int Code, string? Reason) Ended(CloseInfo close) => ((int)close.Code, close.Reason);

    private static Task<ChatConnection> EnterAsync(ChatHost host, TimeSpan left, ScriptedHandler? handler = null) =>
        host.EnterAsync("lobby", handler, Quiet, Info(host, left));

    private static Func<Action, WebSocketConnectionInfo> Info(ChatHost host, TimeSpan left) =>
        abort => new() { Room = "lobby", Abort = abort, ExpiresAt = host.Clock.GetUtcNow() + left };
}
