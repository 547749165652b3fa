using System.Diagnostics;
using ChatKit.ClientScenarios.Clients;
using ChatKit.ClientScenarios.Server;

namespace ChatKit.ClientScenarios;

/// <summary>What a scenario works with: a server, and a client that hasn't connected.</summary>
internal sealed class Stage(ScenarioServer server, ClientUnderTest client)
{
    /// <summary>The clock of a client can be a little faster than that of the server.</summary>
    private const double Tolerance = 30;

    private int _connections;

    public ScenarioServer Server => server;

    public ClientUnderTest Client => client;

    /// <summary>Lets the client connect.</summary>
    public Task ConnectAsync(Times? times = null, IReadOnlyDictionary<string, string>? after = null) =>
        client.ConnectAsync(server.Address, times, after);

    /// <summary>Accepts the next connection, and sends <c>welcome</c>. The ids of the connections are c1, c2, and so on.</summary>
    public async Task<ServerConnection> WelcomeAsync(
        string? user = "ann", double ping = 20, int limit = 65_536, double? expires = null)
    {
        var connection = await server.AcceptAsync();
        await connection.SendAsync(Frames.Welcome($"c{++_connections}", user, ping, limit, expires: expires));
        return connection;
    }

    /// <summary>Accepts the next connection, which is then live in its home room.</summary>
    public async Task<ServerConnection> LiveAsync(
        string position = "e:1", string? user = "ann", double ping = 20, int limit = 65_536, double? expires = null, long? revision = null)
    {
        var connection = await WelcomeAsync(user, ping, limit, expires);
        await connection.SendAsync(Frames.Live(position, revision: revision));
        await client.ExpectAsync("live");
        return connection;
    }

    /// <summary>Lets the client connect, until it is live in its home room.</summary>
    public async Task<ServerConnection> StartAsync(
        string position = "e:1", Times? times = null, double ping = 20, int limit = 65_536, double? expires = null, long? revision = null)
    {
        await ConnectAsync(times);
        return await LiveAsync(position, ping: ping, limit: limit, expires: expires, revision: revision);
    }

    /// <summary>Lets the client join a room.</summary>
    public async Task JoinAsync(ServerConnection connection, string room, string live)
    {
        await client.JoinAsync(room);
        await connection.AcceptJoinAsync(room, live);
        await client.ExpectAsync("live", happened => happened.Text("room") == room, room);
    }

    /// <summary>Returns the delay before the next attempt that the client states, in milliseconds.</summary>
    public async Task<double> DelayAsync()
    {
        var state = await client.ExpectAsync("state", static happened => happened.Text("retryIn") is not null, "the member 'retryIn'");
        return Math.Max(0, state.GetProperty("retryIn").GetDouble());
    }

    /// <summary>Asserts that a request has arrived at least this time after something.</summary>
    public static void IsAtLeast(double milliseconds, long since, Arrival arrival)
    {
        var elapsed = Stopwatch.GetElapsedTime(since, arrival.Timestamp).TotalMilliseconds;
        Assert.True(elapsed >= milliseconds - Tolerance, $"The client has come back after {elapsed:0} ms instead of {milliseconds:0}.");
    }

    /// <summary>Runs something, and returns when it began.</summary>
    public static async Task<long> TimeAsync(Func<Task> action)
    {
        var now = Stopwatch.GetTimestamp();
        await action();
        return now;
    }
}
