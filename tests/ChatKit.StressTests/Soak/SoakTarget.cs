using System.Collections.Concurrent;
using ChatKit.StressTests.Harness;
using ChatKit.StressTests.Serving;
using ChatKit.TestKit.Verification;

namespace ChatKit.StressTests.Soak;

/// <summary>One server and all of its clients.</summary>
internal sealed class SoakTarget : IAsyncDisposable
{
    private const int Rooms = 3;
    private const int BotCount = 24;

    private static readonly TimeSpan SendInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>The mean time between two events of clients.</summary>
    private static readonly TimeSpan TroubleInterval = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan LongestTrouble = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan QuietLimit = TimeSpan.FromSeconds(60);

    private readonly ServerProcess _server;
    private readonly Passers _passers;
    private readonly HttpMessageInvoker _invoker = SmallBuffers.CreateInvoker();
    private readonly List<Bot> _bots = [];
    private readonly Random _random;
    private readonly List<SoakSample> _samples = [];

    private SoakTarget(string name, ServerProcess server, int seed)
    {
        (Name, _server, _random) = (name, server, new Random(seed));
        _passers = new Passers(server.Port, seed);
        var texts = new ConcurrentDictionary<string, string>();
        for (var i = 0; i < BotCount; i++)
        {
            var room = $"room{i % Rooms}";
            var address = new Uri($"ws://127.0.0.1:{server.Port}/chat/{room}");
            _bots.Add(new Bot($"c{i}", room, _random.Next(), _ => address, _invoker, texts));
        }
    }

    public string Name { get; }

    /// <param name="name">The name of the server.</param>
    /// <param name="redis">The address of Redis; null for none.</param>
    /// <param name="seed">The seed of the events.</param>
    public static async Task<SoakTarget> StartAsync(string name, string? redis, int seed) =>
        new(name, await ServerProcess.StartAsync(redis), seed);

    /// <summary>Runs all clients until the end, and waits until everything has arrived.</summary>
    public async Task<SoakResult> RunAsync(CancellationToken over)
    {
        await Patience.UntilAsync(() => _bots.TrueForAll(static bot => bot.IsQuiet), "all clients are live");
        await Task.WhenAll([.. _bots.Select(bot => bot.SendAsync(SendInterval, over)), _passers.RunAsync(over), TroubleAsync(over)]);
        var restless = await _bots.ComeToRestAsync(QuietLimit, SendInterval, CancellationToken.None);
        return new SoakResult(
            Name,
            SoakVerdict.Of(_samples),
            Verifier.Verify(_bots.Select(static bot => bot.Log()), StressServer.HistoryCapacity),
            restless,
            _samples[^1])
        {
            Sent = _bots.Sum(static bot => bot.Log().Sent.Count),
            Connections = _bots.Sum(static bot => bot.Connections) + _passers.Visits,
            Resumes = _bots.Sum(static bot => bot.Resumes),
            Received = _passers.Received,
            Wrong = _passers.Wrong,
        };
    }

    public async Task<SoakSample> SampleAsync(double seconds)
    {
        var sample = new SoakSample(seconds, await _server.AskAsync(collect: true));
        _samples.Add(sample);
        return sample;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await Task.WhenAll(_bots.Select(static bot => bot.DisposeAsync().AsTask()));
        _invoker.Dispose();
    }

    /// <summary>Makes clients lose their connection and reconnect, or read nothing for a while.</summary>
    private async Task TroubleAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            await Task.Delay(2 * TroubleInterval * _random.NextDouble(), over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var bot = _bots[_random.Next(_bots.Count)];
            var time = LongestTrouble * _random.NextDouble();
            if (_random.Next(3) == 0)
                bot.Pause(time);
            else
                bot.StayAway(time);
        }
    }
}
