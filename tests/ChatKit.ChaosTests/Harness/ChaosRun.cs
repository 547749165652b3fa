using System.Collections.Concurrent;
using System.Diagnostics;
using ChatKit.TestKit.Verification;

namespace ChatKit.ChaosTests.Harness;

/// <summary>Runs clients, nodes, and Redis under faults, waits until everything has arrived, and returns what the clients received.</summary>
internal sealed class ChaosRun : IAsyncDisposable
{
    private readonly ChaosOptions _options;
    private readonly RedisServer _redis = new();
    private readonly Node[] _nodes;
    private readonly Network _network;
    private readonly List<Bot> _bots = [];
    private readonly ConcurrentDictionary<string, string> _texts = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chatkit-chaos-");

    private readonly Calm _calm = new();
    private readonly Kicks _kicks;
    private readonly RoomLosses _losses;
    private readonly Storms _storms;
    private readonly CancellationTokenSource _stopping = new();
    private Task<ChaosResult> _running = null!;

    private ChaosRun(ChaosOptions options)
    {
        _options = options;
        _nodes = [.. Enumerable.Range(1, options.Nodes).Select(i => new Node($"node{i}", _folder, _redis.Endpoint, UnsteadyServer.Command, sockets: i != 2))];
        _network = new Network(_nodes);
        _kicks = new Kicks(_nodes, _redis, _calm);
        _losses = new RoomLosses(_redis);
        _storms = new Storms(_network, _texts);
    }

    /// <summary>Runs the test. It ends all processes in any case.</summary>
    /// <exception cref="InvalidOperationException">The run could not be completed, for reasons other than ChatKit.</exception>
    public static async Task<ChaosResult> RunAsync(ChaosOptions options, CancellationToken stop = default)
    {
        await using var run = new ChaosRun(options);
        run._running = run.RunAsync();
        try
        {
            return await run._running.WaitAsync(stop);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"The run with seed {options.Seed} could not be carried through; logs are in {run._folder.FullName}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Only when no more processes are started.
        await _stopping.CancelAsync();
        await ((Task)_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var node in _nodes)
            await node.DisposeAsync();
        await _redis.DisposeAsync();
        await Task.WhenAll(_bots.Select(static bot => bot.DisposeAsync().AsTask()));
        await _network.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task<ChaosResult> RunAsync()
    {
        var start = Stopwatch.GetTimestamp();
        await _redis.InitializeAsync();
        await Task.WhenAll(_nodes.Select(static node => node.StartAsync()));
        var seeds = new Random(_options.Seed);
        var habits = new Habits([.. Enumerable.Range(0, _options.Rooms).Select(RoomOf)]);
        for (var i = 0; i < _options.Clients; i++)
        {
            var (name, room) = ($"c{i}", RoomOf(i));
            _bots.Add(new Bot(
                name, room, seeds.Next(), nodes => _network.AddressOf(nodes, room, name), _network.Invoker, _texts, transport: Ways.Of(i))
            {
                Habits = habits,
            });
        }

        // A client that joins later could start after the first message.
        await Patience.UntilAsync(() => _bots.TrueForAll(static bot => bot.IsQuiet), "all clients are live");

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var sending = _bots.Select(bot => bot.SendAsync(_options.SendInterval, stop.Token)).ToArray();
        var schedule = Schedule.Create(_options.Seed, _options.Duration, _options.Nodes, _options.FaultInterval);
        await ApplyAsync(schedule);
        await stop.CancelAsync();
        await Task.WhenAll(sending);

        // Each bot sends one more message, so that every announced gap is followed by a message.
        await _bots.BecomeQuietAsync(_options.QuietLimit, _stopping.Token);
        _bots.ForEach(static bot => bot.SendLast());
        var notQuiet = await _bots.ComeToRestAsync(_options.QuietLimit, 2 * Server.CheckInterval, _stopping.Token);
        var absent = await Attendance.MissingAsync(_nodes, _bots);
        var differences = await Agreement.DifferencesAsync(_nodes, _bots);
        var unread = await Agreement.UnreadAsync(_nodes, _bots);

        var result = new ChaosResult(
            _options,
            Stopwatch.GetElapsedTime(start),
            schedule.CountBy(static fault => fault.Kind).ToDictionary(),
            [.. _bots.Select(static bot => bot.Log()), .. _bots.SelectMany(static bot => bot.Visits), .. _storms.Logs],
            _losses.Rooms.ToDictionary(),
            [.. notQuiet, .. absent, .. unread, .. _kicks.Problems, .. _bots.SelectMany(static bot => bot.Problems), .. _storms.Problems],
            differences,
            [.. _nodes.SelectMany(static node => node.Errors)],
            _bots.Select(static bot => bot.Counts).Aggregate(static (sum, one) => sum + one),
            Ways.Of(_bots),
            _kicks,
            _storms,
            _bots.Sum(static bot => bot.Connections),
            _bots.Sum(static bot => bot.Resumes),
            _bots.Sum(static bot => bot.Dropped),
            _nodes.Sum(static node => node.FellBehind),
            _nodes.Sum(static node => node.NotStored),
            _folder);
        if (result.IsClean)
            _folder.Delete(recursive: true);
        else
            await result.SaveAsync();
        return result;
    }

    private async Task ApplyAsync(IReadOnlyList<Fault> schedule)
    {
        var start = Stopwatch.GetTimestamp();
        await using var journal = new StreamWriter(Path.Combine(_folder.FullName, "faults.log"));
        var going = new List<Task>();
        foreach (var fault in schedule)
        {
            if (fault.At - Stopwatch.GetElapsedTime(start) is { Ticks: > 0 } wait)
                await Task.Delay(wait, _stopping.Token);
            await journal.WriteLineAsync($"{DateTime.UtcNow:HH:mm:ss.fff} {fault}");
            going.Add(ApplyAsync(fault));
        }

        await Task.WhenAll(going);
    }

    private async Task ApplyAsync(Fault fault)
    {
        var node = (int)(fault.Which * _nodes.Length);
        var room = RoomOf((int)(fault.Which * _options.Rooms));
        var bot = _bots[(int)(fault.Which * _bots.Count)];
        switch (fault.Kind)
        {
            case FaultKind.NodeKilled:
                await _calm.DisturbAsync(async () =>
                {
                    await _nodes[node].KillAsync();
                    await Task.Delay(fault.Time, _stopping.Token);
                    await _nodes[node].StartAsync();
                });
                break;
            case FaultKind.NodeFrozen:
                await _calm.DisturbAsync(() => _nodes[node].FreezeAsync(fault.Time));
                break;
            case FaultKind.RedisKilled:
                await _calm.DisturbAsync(async () =>
                {
                    await _redis.KillAsync();
                    await Task.Delay(fault.Time, _stopping.Token);
                    await _redis.StartAsync();
                });
                break;
            case FaultKind.RedisFrozen when _redis.ProcessId is { } process:
                await _calm.DisturbAsync(() => Signals.FreezeAsync(process, fault.Time));
                break;
            case FaultKind.ConnectionCut:
                _network.Pick(fault.Which)?.CutAfter(fault.Bytes, fault.TowardsServer);
                break;
            case FaultKind.AllCut:
                foreach (var connection in _network.To(node))
                    connection.Dispose();
                break;
            case FaultKind.ConnectionStalled:
                _network.Pick(fault.Which)?.Stall(fault.Time, fault.TowardsServer);
                break;
            case FaultKind.ReaderPaused:
                bot.Pause(fault.Time);
                break;
            case FaultKind.ClientAway:
                bot.StayAway(fault.Time);
                break;
            case FaultKind.UserKicked or FaultKind.UserKickedUnheard:
                await _kicks.KickAsync(bot.Name, fault.Bytes, fault.Kind == FaultKind.UserKickedUnheard);
                break;
            case FaultKind.PresenceLost:
                await _losses.LosePresenceAsync(room);
                break;
            case FaultKind.MessagesLost:
                await _losses.LoseMessagesAsync(room);
                break;
            case FaultKind.MetaLost:
                await _losses.LoseMetaAsync(room);
                break;
            case FaultKind.JoinStorm:
                await _storms.RunAsync(room, fault.Bytes);
                break;
        }
    }

    private string RoomOf(int number) => $"room{number % _options.Rooms}";
}
