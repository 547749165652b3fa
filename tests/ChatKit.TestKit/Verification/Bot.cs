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
    private readonly BotChanges _changes = new();
    private readonly Stay _home;
    private readonly List<Stay> _visits = [];

    /// <summary>The stays by room. Also the lock.</summary>
    private readonly Dictionary<string, Stay> _stays = [];

    /// <summary>The last position of <c>live</c> up to which the user has read each room.</summary>
    private readonly Dictionary<string, MessagePosition> _reads = [];

    private readonly List<string> _problems = [];
    private readonly Task _reading;
    private string? _visited;
    private bool _isConnecting;
    private BotCounts _counts;
    private volatile Task _away = Task.CompletedTask;
    private volatile Task _pause = Task.CompletedTask;

    /// <param name="name">The name of the client.</param>
    /// <param name="room">The room of the client.</param>
    /// <param name="seed">The seed for what it sends and when.</param>
    /// <param name="address">Returns the address for each attempt.</param>
    /// <param name="invoker">Sends the handshakes.</param>
    /// <param name="texts">A pool of all texts, so that each is in memory once.</param>
    /// <param name="connectTimeout">The time-out of an attempt to connect; null for a short one.</param>
    /// <param name="isVisitor">Whether it joins its room after the first message and leaves before the last.</param>
    /// <param name="transport">The way in which it reaches the server.</param>
    public Bot(
        string name,
        string room,
        int seed,
        Func<Random, Uri> address,
        HttpMessageInvoker invoker,
        ConcurrentDictionary<string, string> texts,
        TimeSpan? connectTimeout = null,
        bool isVisitor = false,
        TransportKind transport = TransportKind.WebSocket)
    {
        (Name, Room, Transport, _payloads, _texts) = (name, room, transport, new Random(seed), texts);
        _stays[room] = _home = new Stay(name, room, texts, isVisitor);
        var nodes = new Random(seed + 1);
        _client = ChatClient.Start(new ChatClientOptions
        {
            NextAddress = async stop =>
            {
                await _away.WaitAsync(stop);
                return address(nodes);
            },
            Transport = transport,
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

    public TransportKind Transport { get; }

    /// <summary>What it does besides sending messages; null for nothing. The server must allow it.</summary>
    public Habits? Habits { get; init; }

    /// <summary>How often the client resumed.</summary>
    public int Resumes { get; private set; }

    public int Connections { get; private set; }

    /// <summary>How often the client dropped a duplicate message.</summary>
    public long Dropped => _client.Dropped;

    /// <summary>The last position that the application has received.</summary>
    public string At
    {
        get
        {
            lock (_stays)
                return _home.At;
        }
    }

    /// <summary>What the server must not have sent.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (_stays)
            {
                var refused = _changes.Problems.Select(problem => $"{Name}: {problem}");
                return [.. _problems, .. refused, .. All.SelectMany(static stay => stay.View.Problems)];
            }
        }
    }

    public BotCounts Counts
    {
        get
        {
            lock (_stays)
            {
                return _changes.AddTo(_counts) with
                {
                    Changes = All.Sum(static stay => stay.View.Changes),
                    Stale = All.Sum(static stay => stay.View.Stale),
                    EditedOnArrival = All.Sum(static stay => stay.EditedOnArrival),
                    DeletedOnArrival = All.Sum(static stay => stay.DeletedOnArrival),
                    Signals = All.Sum(static stay => stay.Signals),
                    SharedReads = All.Sum(static stay => stay.SharedReads),
                };
            }
        }
    }

    /// <summary>What it has received of other rooms, in each stay.</summary>
    public IReadOnlyList<ClientLog> Visits
    {
        get
        {
            lock (_stays)
                return [.. _visits.Select((visit, i) => visit.Log($"{Name} (visit {i + 1})", []))];
        }
    }

    /// <summary>The rooms that it is in.</summary>
    public IEnumerable<string> Rooms => _visited is { } room ? [Room, room] : [Room];

    private IEnumerable<Stay> All => _visits.Prepend(_home);

    /// <summary>Whether the client waits for no message or acknowledgement.</summary>
    public bool IsQuiet => _client is { IsLive: true, Unacknowledged: 0 };

    public string Condition => $"{Name} ({Transport}): {_client.State}, live {_client.IsLive}, {_client.Unacknowledged} unacknowledged, at {At}";

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
            if (Habits is { } habits && TakeTurn(habits))
                continue;
            _texts[text] = text;
            _sent.Add((text, _client.SendAsync(text)));
        }
    }

    /// <summary>Sends how far it has read a room. Returns false if it has no connection, or has received nothing of the room.</summary>
    public bool SendRead(string room)
    {
        string? at;
        lock (_stays)
            at = _stays.GetValueOrDefault(room)?.At;
        if (at is null or ":0" || !_client.Read(room, at))
            return false;
        _counts = _counts with { Reads = _counts.Reads + 1 };
        return true;
    }

    /// <summary>
    /// Returns how what it shows of a room that it is in differs from what is stored, and which acknowledged changes are not stored.
    /// </summary>
    public IReadOnlyList<string> Compare(string room, IReadOnlyCollection<Stored> stored)
    {
        lock (_stays)
        {
            var lost = room == Room ? _changes.Missing(stored).Select(problem => $"{Name}: {problem}") : [];
            return _stays.TryGetValue(room, out var stay) ? [.. stay.View.Compare(stored), .. lost] : [$"{Name}: has never entered {room}"];
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
        lock (_stays)
            return _home.Log(Name, [.. _sent.Select(static sent => OutcomeOf(sent.Text, sent.Acking))]);
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
            lock (_stays)
                See(happened);
        }
    }

    private void See(ChatEvent happened)
    {
        switch (happened)
        {
            case RoomJoined joined:
                if (_stays.TryGetValue(joined.Room, out var earlier))
                    earlier.View.End();
                _visits.Add(_stays[joined.Room] = new Stay(Name, joined.Room, _texts, isVisitor: true));
                break;
            case JoinRefused refused:
                _problems.Add($"{Name}: was refused in {refused.Room}: {refused.Code}");
                break;
            case BecameLive live:
                if (live.Room == Room)
                {
                    // A client that polls is live again with each answer.
                    Resumes += live.Recovered && _isConnecting ? 1 : 0;
                    _isConnecting = false;
                }

                VerifyRead(live);
                break;
            case StateChanged { State: ClientState.Connected }:
                Connections++;
                _isConnecting = true;
                break;
        }

        if (RoomOf(happened) is not { } room)
            return;
        if (_stays.TryGetValue(room, out var stay))
            stay.See(happened);
        else
            _problems.Add($"{Name}: is not in {room}, and received {happened}");
    }

    private static string? RoomOf(ChatEvent happened) => happened switch
    {
        MessageReceived message => message.Room,
        MessageChanged change => change.Room,
        GapFound gap => gap.Room,
        BecameLive live => live.Room,
        ReadMoved read => read.Room,
        SignalReceived signal => signal.Room,
        _ => null,
    };

    /// <summary>Checks that the user's read cursor does not move back within a stream.</summary>
    private void VerifyRead(BecameLive live)
    {
        if (live.Unread is not { } unread)
            return;
        var read = live.Read is null ? MessagePosition.None : MessagePosition.Parse(live.Read);
        if (_reads.TryGetValue(live.Room, out var before)
            && before.Epoch == MessagePosition.Parse(live.Position).Epoch
            && (read.Epoch != before.Epoch || read.Sequence < before.Sequence))
            _problems.Add($"{Name} in {live.Room}: had read to {before}, and {live} came");
        if (live.Read == live.Position && unread != 0)
            _problems.Add($"{Name} in {live.Room}: has read everything, and {live} came");
        if (read.Sequence > 0)
            _reads[live.Room] = read;
    }

    /// <summary>Does something of its habits. Returns true if that was instead of a message.</summary>
    private bool TakeTurn(Habits habits)
    {
        if (_payloads.NextDouble() < habits.Reads)
            SendRead(PickRoom());
        if (_payloads.NextDouble() < habits.Signals && _client.Signal(PickRoom(), "typing"))
            _counts = _counts with { SentSignals = _counts.SentSignals + 1 };
        Move(habits);
        return TryChange(habits);
    }

    private string PickRoom() => _visited is not null && _payloads.Next(2) == 0 ? _visited : Room;

    private void Move(Habits habits)
    {
        var (chance, which) = (_payloads.NextDouble(), _payloads.Next());
        if (_visited is null && chance < habits.Joins)
        {
            var others = habits.Rooms.Where(room => room != Room).ToList();
            _visited = others[which % others.Count];
            _client.Join(_visited);
            _counts = _counts with { Joins = _counts.Joins + 1 };
        }
        else if (_visited is not null && chance < habits.Leaves)
        {
            _client.Leave(_visited);
            _visited = null;
            _counts = _counts with { Leaves = _counts.Leaves + 1 };
        }
    }

    private bool TryChange(Habits habits)
    {
        var chance = _payloads.NextDouble();
        if (chance >= habits.Edits + habits.Deletions)
            return false;
        (MessagePosition Position, string Original)? picked;
        lock (_stays)
            picked = _home.PickOwn(_payloads);
        if (picked is not var (position, original))
            return false;
        if (chance >= habits.Edits)
        {
            _changes.Delete(position, _client);
            return true;
        }

        _changes.Edit(position, original, _client, _texts);
        return true;
    }

    private string Padding() =>
        new(_payloads.GetItems<char>(Alphabet, _payloads.Next(MaxPadding)));
}
