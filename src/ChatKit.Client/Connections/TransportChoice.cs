namespace ChatKit.Client.Connections;

/// <summary>Chooses the transport: the first one that gets through, until it is time to try a better one. Under the session's lock.</summary>
internal sealed class TransportChoice(ChatTransport[] transports, ClientTimes times, TimeProvider time)
{
    /// <summary>After so many failures in a row, a transport that has worked is no longer trusted.</summary>
    private const int MaxOutages = 3;

    /// <summary>If the server was down for a moment, the better transport was probably not at fault.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly HashSet<ChatTransport> _notOffered = [];
    private int _index;
    private int _failures; // of the current transport, in a row
    private int _outages; // attempts in a row that say nothing about it
    private bool _hasWorked;
    private bool _hadOutage;
    private long? _since; // when it was chosen

    public ChatTransport Current => transports[_index];

    public bool HasOthers => transports.Length - _notOffered.Count > 1;

    /// <summary>The better transports, the best one first.</summary>
    public IEnumerable<ChatTransport> Better => transports.Take(_index).Where(transport => !_notOffered.Contains(transport));

    /// <summary>When to try them; null if there are none.</summary>
    public TimeSpan? TryBetterIn => !Better.Any() ? null
        : _hadOutage ? Soon
        : times.Better - time.GetElapsedTime(_since ?? time.GetTimestamp());

    /// <summary>An attempt has ended without an answer. Returns whether another transport takes its place at once.</summary>
    public bool Failed(LinkEnd end)
    {
        if (end.IsNotOffered)
        {
            _notOffered.Add(Current);
            Move();
            if (_notOffered.Count < transports.Length)
                return true;
            _notOffered.Clear();
        }
        else if (!end.IsUnknown)
        {
            _failures += end.IsLate ? 2 : 1;
            if (_failures > 1)
                Move();
        }
        else if (++_outages > MaxOutages || !_hasWorked)
        {
            Choose(transports.First(transport => !_notOffered.Contains(transport)));
        }

        return false;
    }

    /// <summary>The server has answered.</summary>
    public void Succeeded(ChatTransport transport)
    {
        if (transport != Current)
            Choose(transport);
        _hadOutage = _outages > 0;
        (_failures, _outages, _hasWorked) = (0, 0, true);
        _since ??= time.GetTimestamp();
    }

    /// <summary>No better one got through.</summary>
    public void StayedBehind() => (_since, _hadOutage) = (time.GetTimestamp(), false);

    private void Move()
    {
        for (var step = 1; step <= transports.Length; step++)
        {
            var next = transports[(_index + step) % transports.Length];
            if (_notOffered.Contains(next))
                continue;
            Choose(next);
            return;
        }
    }

    private void Choose(ChatTransport transport)
    {
        _index = Array.IndexOf(transports, transport);
        (_failures, _hasWorked, _since) = (0, false, null);
    }
}
