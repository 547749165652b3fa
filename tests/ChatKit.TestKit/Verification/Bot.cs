using System.Collections.Concurrent;
using ChatKit.TestKit.Client;

namespace ChatKit.TestKit.Verification;

/// <summary>A client and its application, which sends numbered messages and records what it receives.</summary>
public sealed class Bot : IAsyncDisposable
{
    private const int MaxPadding = 800;

    /// <summary>The number of messages that a disconnected client sends before it waits.</summary>
    private const int MaxUnacknowledged = 200;

    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz \"\\<>&{}äß€";

    /// <summary>Short, because a connection may have stalled.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    private readonly ChatClient _client;
    private readonly ConcurrentDictionary<string, string> _texts;
    private readonly Random _payloads;
    private readonly List<(string Text, Task<Ack> Acking)> _sent = [];
    private readonly List<Seen> _seen = [];
    private readonly Task _reading;
    private volatile Task _away = Task.CompletedTask;
    private volatile Task _pause = Task.CompletedTask;
    private volatile string _at = ":0";

    /// <param name="name">The name of the client.</param>
    /// <param name="room">The room of the client.</param>
    /// <param name="seed">The seed for what it sends and when.</param>
    /// <param name="address">Returns the address for each attempt.</param>
    /// <param name="invoker">Sends the handshakes.</param>
    /// <param name="texts">A pool of all texts, so that each is in memory once.</param>
    /// <param name="connectTimeout">The time-out of an attempt to connect; null for a short one.</param>
    public Bot(
        string name,
        string room,
        int seed,
        Func<Random, Uri> address,
        HttpMessageInvoker invoker,
        ConcurrentDictionary<string, string> texts,
        TimeSpan? connectTimeout = null)
    {
        (Name, Room, _payloads, _texts) = (name, room, new Random(seed), texts);
        var nodes = new Random(seed + 1);
        _client = ChatClient.Start(new ChatClientOptions
        {
            NextAddress = async stop =>
            {
                await _away.WaitAsync(stop);
                return address(nodes);
            },
            Invoker = invoker,
            Random = new Random(seed + 2),
            EventLimit = 16,
            ConnectTimeout = connectTimeout ?? ConnectTimeout,
            FirstDelay = TimeSpan.FromMilliseconds(100),
            LongestDelay = TimeSpan.FromSeconds(2),
            PolicyDelay = TimeSpan.FromSeconds(1),
            BusyDelay = TimeSpan.FromSeconds(1),
            RetryDelay = TimeSpan.FromMilliseconds(200),
        });
        _reading = ReadAsync();
    }

    public string Name { get; }

    public string Room { get; }

    /// <summary>How often the client resumed.</summary>
    public int Resumes { get; private set; }

    public int Connections { get; private set; }

    /// <summary>How often the client dropped a duplicate message.</summary>
    public long Dropped => _client.Dropped;

    /// <summary>The last position that the application has received.</summary>
    public string At => _at;

    /// <summary>Whether the client waits for no message or acknowledgement.</summary>
    public bool IsQuiet => _client is { IsLive: true, Unacknowledged: 0 };

    public string Condition => $"{Name}: {_client.State}, live {_client.IsLive}, {_client.Unacknowledged} unacknowledged, at {At}";

    /// <summary>Sends at random times until it is stopped.</summary>
    /// <param name="mean">The mean time between two messages.</param>
    /// <param name="stop">Stops it.</param>
    public async Task SendAsync(TimeSpan mean, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var wait = mean * -Math.Log(1 - _payloads.NextDouble());
            var text = $"{Name}:{_sent.Count}:{Padding()}";
            await Task.Delay(wait, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested || _client.Unacknowledged > MaxUnacknowledged)
                continue;
            _texts[text] = text;
            _sent.Add((text, _client.SendAsync(text)));
        }
    }

    /// <summary>Sends one more message, after it has stopped sending.</summary>
    public void SendLast()
    {
        var text = $"{Name}:{_sent.Count}:last";
        _texts[text] = text;
        _sent.Add((text, _client.SendAsync(text)));
    }

    /// <summary>Disconnects the client for a while.</summary>
    public void StayAway(TimeSpan time)
    {
        _away = Task.Delay(time);
        _client.Abort();
    }

    /// <summary>Pauses the application, so that the client reads nothing.</summary>
    public void Pause(TimeSpan time) => _pause = Task.Delay(time);

    /// <summary>Returns what it has received and sent. Call this only when the bot is quiet or has ended.</summary>
    public ClientLog Log()
    {
        lock (_seen)
            return new ClientLog(Name, Room, [.. _seen], [.. _sent.Select(static sent => OutcomeOf(sent.Text, sent.Acking))]);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _reading;
    }

    private static Sent OutcomeOf(string text, Task<Ack> acking)
    {
        if (acking.IsCompletedSuccessfully)
        {
            return new Sent(text, Outcome.Acknowledged, acking.Result.Position is { } position ? MessagePosition.Parse(position) : null);
        }

        return acking.Exception?.InnerException is SendFailedException { Code: not SendFailedException.Unknown }
            ? new Sent(text, Outcome.NotStored)
            : new Sent(text, Outcome.Unknown);
    }

    private async Task ReadAsync()
    {
        await foreach (var happened in _client.Events.ReadAllAsync())
        {
            await _pause;
            lock (_seen)
                See(happened);
        }
    }

    private void See(ChatEvent happened)
    {
        switch (happened)
        {
            case MessageReceived { Position: { } position, Text: { } text }:
                var at = MessagePosition.Parse(position);
                _seen.Add(new Seen(at, _texts.GetValueOrDefault(text, text)));
                _at = position;
                break;
            case GapFound gap:
                MessagePosition? next = gap.Next is null ? null : MessagePosition.Parse(gap.Next);
                _seen.Add(new Seen(MessagePosition.Parse(gap.After), null, new SeenGap(next, gap.Missed, gap.IsReset)));
                break;
            case BecameLive live:
                Resumes += live.Recovered ? 1 : 0;
                break;
            case StateChanged { State: ClientState.Connected }:
                Connections++;
                break;
        }
    }

    private string Padding() =>
        new(_payloads.GetItems<char>(Alphabet, _payloads.Next(MaxPadding)));
}
