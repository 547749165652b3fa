using ChatKit.LoadTest.Workloads;

namespace ChatKit.LoadTest.Generator.Tests;

/// <summary>Sends messages as members of rooms, and checks and times what each member receives.</summary>
internal sealed class MessageTest : IFleetListener, IDisposable
{
    /// <summary>The interval at which the probe is repeated until all members have received it.</summary>
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(60);

    /// <summary>If nothing arrives for this long after the last message was sent, missing messages are lost.</summary>
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(3);

    /// <summary>The time after which members that poll have everything that was sent at another rate.</summary>
    private static readonly TimeSpan RateChange = 2 * ClientCatalog.PollInterval;

    private readonly GeneratorOptions _options;
    private readonly Fleet _fleet;
    private readonly List<RoomMembers> _rooms;
    private readonly List<Sender> _eager = [];
    private readonly List<Sender> _paced;
    private readonly Histogram _latencies = new();
    private readonly LastMemberClock? _lastMember;
    private int _inRoom;
    private long _deliveries;
    private long _foreign;
    private bool _sending;
    private bool _measuring;

    public MessageTest(GeneratorOptions options)
    {
        _options = options;
        _fleet = new Fleet(options.Server, options.Client, this);
        _rooms = options.AddRooms(_fleet);
        _paced = AddSenders(options.Workload);
        if (options.Workload.TracksLastMember)
            _lastMember = new LastMemberClock(_paced.Count, options.Workload.Members);
    }

    private IEnumerable<Sender> Senders => _rooms.SelectMany(static room => room.Senders);

    public GeneratorResult Run()
    {
        _fleet.OpenAll();
        Probe();
        _sending = true;
        _eager.ForEach(static sender => sender.Send());
        WarmUp(_options.Workload);

        _measuring = true;
        var start = Take();
        Work(_options.Duration, _options.Workload.Rate);
        var end = Take();
        _measuring = false;

        _sending = false;
        Drain();
        return Result(start, end);
    }

    public void OnText(Connection connection, ReadOnlySpan<byte> text, long now)
    {
        var id = Stamp.Sender(text);
        if (id == Stamp.Probe)
        {
            OnProbe(connection);
            return;
        }

        var room = connection.Room;
        var sender = (int)id - room.FirstSender;
        if ((uint)sender >= (uint)room.Senders.Count)
        {
            _foreign++;
            return;
        }

        var counter = Stamp.Counter(text);
        connection.Check.Receive(sender, counter);
        _deliveries++;
        var latency = now - Stamp.Time(text);
        if (_measuring)
            _latencies.Record(latency);
        _lastMember?.Receive(sender, counter, latency, _measuring);
        if (_sending && connection.Sender is { IsEager: true } own && own.Id == (int)id && own.Sent == counter)
            own.Send();
    }

    public void Dispose() => _fleet.Dispose();

    /// <summary>Makes members senders. Returns those that send at a fixed rate.</summary>
    private List<Sender> AddSenders(Workload workload)
    {
        var paced = new List<Sender>();
        var id = 0;
        for (var i = 0; i < _rooms.Count; i++)
        {
            var room = _rooms[i];
            var busy = i < workload.BusyRooms;
            room.FirstSender = id;
            foreach (var connection in room.Members.Take(busy ? workload.Eager : workload.Paced))
            {
                connection.Sender = new Sender(connection, id, workload.Payload, busy);
                room.Senders.Add(connection.Sender);
                (busy ? _eager : paced).Add(connection.Sender);
                id++;
            }

            foreach (var connection in room.Members)
                connection.Check = new DeliveryCheck(room.Senders.Count);
        }

        return paced;
    }

    /// <summary>Sends until all members have received a text, because a completed handshake does not prove that a member is in its room.</summary>
    private void Probe()
    {
        var deadline = new Deadline(ProbePatience);
        while (_inRoom < _fleet.Open)
        {
            foreach (var room in _rooms.Where(static room => !room.Members.TrueForAll(static member => member.InRoom)))
                room.Members[0].Send(room.Members[0].Prepare(size: 0, Stamp.Probe).For(0, 0));
            _fleet.Serve(ProbeInterval);
            deadline.ThrowIfPassed($"{_inRoom} of {_fleet.Open} members receive the texts of their rooms.");
        }
    }

    private void OnProbe(Connection connection)
    {
        if (connection.InRoom)
            return;
        connection.InRoom = true;
        _inRoom++;
    }

    private void WarmUp(Workload workload)
    {
        Work(_options.WarmUp, workload.WarmUpRate ?? workload.Rate);
        if (workload.WarmUpRate is not null)
            Work(RateChange, workload.Rate);
    }

    private void Work(TimeSpan time, double rate)
    {
        var paced = new PacedSenders(_paced, rate);
        var deadline = new Deadline(time);
        while (!deadline.HasPassed)
            _fleet.Poll(paced.SendDue());
    }

    private void Drain()
    {
        var expected = _rooms.Sum(static room => room.Senders.Sum(static sender => (long)sender.Sent) * room.Members.Count);
        var before = _deliveries;
        var deadline = new Deadline(DrainPatience);
        while (_deliveries < expected && !deadline.HasPassed)
        {
            _fleet.Poll(10);
            if (_deliveries > before)
                (before, deadline) = (_deliveries, new Deadline(DrainPatience));
        }

        // Duplicates would arrive now.
        _fleet.Serve(ProbeInterval);
    }

    private Snapshot Take() => Snapshot.Take(_options.Process, _fleet, _deliveries, Senders.Sum(static sender => (long)sender.Sent));

    private GeneratorResult Result(Snapshot start, Snapshot end)
    {
        var seconds = end.SecondsSince(start);
        var deliveries = end.Deliveries - start.Deliveries;
        var checks = _rooms.SelectMany(static room => room.Members).Select(static member => member.Check).ToList();
        return new GeneratorResult
        {
            DeliveriesPerSecond = deliveries / seconds,
            MessagesPerSecond = (end.Messages - start.Messages) / seconds,
            Cpu = deliveries == 0 ? null : 1e6 * (end.ServerCpu - start.ServerCpu) / deliveries,
            Requests = _options.Workload.ComparesTransports ? (end.Requests - start.Requests) / (double)deliveries : null,
            Bytes = _options.Workload.ComparesTransports ? (end.Bytes - start.Bytes) / (double)deliveries : null,
            P50 = _latencies.Microseconds(0.5),
            P99 = _latencies.Microseconds(0.99),
            P999 = _latencies.Microseconds(0.999),
            LastP50 = _lastMember?.Latencies.Microseconds(0.5),
            LastP99 = _lastMember?.Latencies.Microseconds(0.99),
            ResidentMiB = ProcessUsage.ResidentKiB(_options.Process) / 1024.0,
            GeneratorLoad = end.GeneratorLoadSince(start),
            Lost = _rooms.Sum(static room => room.Members.Sum(member => member.Check.Lost(room.Senders))),
            OutOfOrder = checks.Sum(static check => check.OutOfOrder),
            Doubled = checks.Sum(static check => check.Doubled),
            Foreign = _foreign,
            OtherOrder = _rooms.Sum(static room => room.Members.Count(member => member.Check.Order != room.Members[0].Check.Order)),
            Closes = _fleet.Ended,
            FirstClose = _fleet.FirstEnd,
        };
    }
}
