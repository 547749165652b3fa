using System.Diagnostics;
using System.Globalization;
using ChatKit.ClientScenarios.Server;

namespace ChatKit.ClientScenarios.Scenarios;

/// <summary>docs/protocol.md, "Close codes, and what the client does", and "ping".</summary>
internal static class Ending
{
    private const int Long = 60_000;

    [Scenario("ping/answered", "MUST", "It answers a ping.")]
    public static async Task PingAnswered(Stage stage)
    {
        await stage.ConnectAsync();
        var connection = await stage.WelcomeAsync();

        await connection.PingAsync(); // before it is live
        await connection.SendAsync(Frames.Live("e:1"));
        await connection.PingAsync();
    }

    [Scenario("ping/dead-peer", "SHOULD", "If it receives nothing for twice the time in 'welcome', it opens a new connection.")]
    public static async Task DeadPeer(Stage stage)
    {
        const double Ping = 0.5;
        var start = Stopwatch.GetTimestamp();
        await stage.StartAsync(ping: Ping);

        var handshake = await stage.Server.NextAsync();

        Stage.IsAtLeast(2_000 * Ping, start, handshake);
        Assert.Equal(["lobby~e:1"], handshake.After);
    }

    [Scenario("ping/none", "does", "With a ping of 0, silence isn't a sign of anything.")]
    public static async Task NoPing(Stage stage)
    {
        var connection = await stage.StartAsync(ping: 0);

        await stage.Server.NothingArrivesAsync();

        await connection.PingAsync();
    }

    [Scenario("reconnect/unanswered", "does", "It gives up an attempt that isn't answered.")]
    public static async Task Unanswered(Stage stage)
    {
        await stage.ConnectAsync(new Times { Connect = 300, Fallback = 300 });
        await stage.Server.NextAsync();

        await stage.Server.NextAsync();
    }

    [Scenario("reconnect/first-time", "does", "It tries again for ever, also the first time.")]
    public static async Task FirstTime(Stage stage)
    {
        await stage.ConnectAsync();
        for (var i = 0; i < 8; i++)
            (await stage.Server.NextAsync()).Abort();

        await stage.LiveAsync();
    }

    [Scenario("reconnect/full-jitter", "does", "It waits a random time up to a ceiling, which doubles until its limit, and again after 'live'.")]
    public static async Task FullJitter(Stage stage)
    {
        var times = new Times { Backoff = 20, BackoffLimit = 160 };
        await stage.ConnectAsync(times);
        var delays = new List<double>();
        for (var attempt = 0; attempt < 12; attempt++)
        {
            (await stage.Server.NextAsync()).Abort();
            delays.Add(await stage.DelayAsync());
            var ceiling = Math.Min(times.BackoffLimit, times.Backoff * Math.Pow(2, attempt));
            Assert.True(delays[^1] <= ceiling + 1, $"The delay before attempt {attempt + 1} is {delays[^1]:0} ms, and must be at most {ceiling:0}.");
        }

        Assert.True(delays.Max() > times.Backoff, "The ceiling doesn't grow.");
        Assert.True(delays.Distinct().Count() > 3, "The delays aren't random.");
        await (await stage.LiveAsync()).BreakAsync();
        Assert.InRange(await stage.DelayAsync(), 0, times.Backoff + 1);
    }

    [Scenario("close/1000", "does", "It stays closed.", Argument = 1000)]
    [Scenario("close/1002", "does", "It stays closed.", Argument = 1002)]
    [Scenario("close/1003", "does", "It stays closed.", Argument = 1003)]
    [Scenario("close/1007", "does", "It stays closed.", Argument = 1007)]
    [Scenario("close/1009", "does", "It stays closed.", Argument = 1009)]
    [Scenario("close/3000", "does", "It stays closed.", Argument = 3000)]
    [Scenario("close/4999", "does", "It stays closed.", Argument = 4999)]
    public static async Task StaysClosed(Stage stage, int code)
    {
        var connection = await stage.StartAsync();

        await connection.CloseAsync(code);

        var closed = await stage.Client.ExpectStateAsync("closed");
        Assert.Equal(code.ToString(CultureInfo.InvariantCulture), closed.Text("code"));
        await stage.Server.NothingArrivesAsync();
    }

    [Scenario("close/1001", "does", "It reconnects.", Argument = 1001)]
    [Scenario("close/1006", "does", "It reconnects.", Argument = 1006)]
    [Scenario("close/1011", "does", "It reconnects.", Argument = 1011)]
    [Scenario("close/1012", "does", "It reconnects.", Argument = 1012)]
    public static async Task Reconnects(Stage stage, int code)
    {
        var connection = await stage.StartAsync(times: new Times { Refused = Long, Busy = Long });

        await (code == 1006 ? connection.BreakAsync() : connection.CloseAsync(code));

        await stage.LiveAsync();
    }

    [Scenario("close/1008", "does", "It reconnects after 10 s at the earliest (here: 0.3).", Argument = 1008)]
    [Scenario("close/1013", "does", "It reconnects after 5 s at the earliest (here: 0.3).", Argument = 1013)]
    public static async Task ReconnectsLater(Stage stage, int code)
    {
        const int Minimum = 300;
        var connection = await stage.StartAsync(times: new Times { Refused = code == 1008 ? Minimum : Long, Busy = code == 1013 ? Minimum : Long });

        var start = await Stage.TimeAsync(() => connection.CloseAsync(code));

        Stage.IsAtLeast(Minimum, start, await stage.Server.NextAsync());
    }

    [Scenario("close/1008-three-times", "does", "It stays closed after the third 1008 in a row without 'live'.")]
    public static async Task RefusedThreeTimes(Stage stage)
    {
        var times = new Times { Refused = 50 };
        var connection = await stage.StartAsync(times: times);
        await connection.CloseAsync(1008);
        await (await stage.WelcomeAsync()).CloseAsync(1008);
        connection = await stage.LiveAsync(); // The count begins again.
        for (var i = 0; i < 2; i++)
        {
            await connection.CloseAsync(1008);
            connection = await stage.WelcomeAsync();
        }

        await connection.CloseAsync(1008);

        await stage.Client.ExpectStateAsync("closed");
        await stage.Server.NothingArrivesAsync();
    }

    [Scenario("close/1008-expired", "does", "If its credentials have expired, it reconnects without a minimum delay.")]
    public static async Task Expired(Stage stage)
    {
        var connection = await stage.StartAsync(times: new Times { Refused = Long, Fallback = Long }, expires: 2);
        var next = await stage.Server.NextAsync(); // It isn't answered, so the current connection isn't replaced in time.

        await connection.CloseAsync(1008, "The credentials have expired.");

        next.Abort();
        await stage.LiveAsync();
    }

    [Scenario("close/1013-expiring", "does", "Also if its credentials are about to expire, it waits after 1013.")]
    public static async Task BusyWhileExpiring(Stage stage)
    {
        const int Minimum = 300;
        var connection = await stage.StartAsync(times: new Times { Refused = Long, Busy = Minimum }, expires: 2);
        var next = await stage.Server.AcceptAsync();
        await next.CloseAsync(1008); // Nothing replaces the current connection.
        await next.ClosedAsync();
        for (var i = 0; i < 3; i++)
            await connection.PingAsync();

        var start = await Stage.TimeAsync(() => connection.CloseAsync(1013));

        Stage.IsAtLeast(Minimum, start, await stage.Server.NextAsync());
    }

    [Scenario("close/http-error", "does", "It treats a handshake that is answered with an HTTP error like a broken connection.")]
    public static async Task HttpError(Stage stage)
    {
        var times = new Times { Refused = Long, Busy = Long };
        await stage.ConnectAsync(times);
        foreach (var status in new[] { 404, 502, 403, 401, 403, 500 })
        {
            await (await stage.Server.NextAsync()).AnswerAsync(status);
            Assert.InRange(await stage.DelayAsync(), 0, times.BackoffLimit + 1);
        }

        await stage.LiveAsync();
    }

    [Scenario("close/own", "does", "It closes the connection with 1000, and doesn't come back.")]
    public static async Task OwnClose(Stage stage)
    {
        var connection = await stage.StartAsync();

        await stage.Client.CloseAsync();

        Assert.Equal(1000, await connection.ClosedAsync());
        await stage.Server.NothingArrivesAsync();
    }
}
