using ChatKit.Client.Diagnostics;

namespace ChatKit.Client.Connections;

/// <summary>
/// Make before break: opens a connection beside the current one, which it replaces when it has caught up, before the server restarts or the
/// credentials expire, and if a better transport gets through. Under the session's lock.
/// </summary>
internal sealed class Replacement(Session session, Connector connector, TransportChoice choice)
{
    /// <summary>A connection whose credentials expire sooner can't be replaced in time.</summary>
    private static readonly TimeSpan TooSoon = TimeSpan.FromSeconds(1);

    /// <summary>How long before the credentials expire the attempt begins, if they are valid for long enough.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);

    private readonly OneShot _renewal = new(session.Time, session.Gate);
    private readonly OneShot _better = new(session.Time, session.Gate);
    private readonly OneShot _grace = new(session.Time, session.Gate);
    private readonly HashSet<Link> _leaving = [];
    private ChatTransport[]? _trials; // the transports that are to be tried after this one
    private int _attempts;
    private bool _isGraceOver;

    /// <summary>Whether there are two connections.</summary>
    public bool IsActive => Link is not null || _leaving.Count > 0;

    /// <summary>The connection, or the attempt.</summary>
    public Link? Link { get; private set; }

    /// <summary>Connections that another one has replaced, and that haven't ended.</summary>
    public IReadOnlyCollection<Link> Leaving => _leaving;

    /// <summary>Plans what follows on a new connection.</summary>
    public void Schedule(Link link)
    {
        _attempts = 0;
        _renewal.Cancel();
        if (link.Restart is var (at, delay))
        {
            _renewal.Set(delay - session.Time.GetElapsedTime(at), Renew);
        }
        else if (link.Welcome!.Expires is { } seconds)
        {
            // The clients of a server can have tokens that expire at the same time.
            var expires = TimeSpan.FromSeconds(Math.Min(seconds, LongestTimer.TotalSeconds));
            var due = expires * (0.7 + (0.2 * Random.Shared.NextDouble()));
            if (expires - due < Margin && expires > 3 * Margin)
                due = expires - Margin;
            if (expires > TooSoon)
                _renewal.Set(due - link.WelcomedAt.Age(session.Time), Renew);
        }

        _better.Cancel();
        if (choice.TryBetterIn is { } wait)
            _better.Set(wait, TryBetter);
    }

    /// <summary>The server is about to end the current connection.</summary>
    public void OnRestart(Link link, TimeSpan delay)
    {
        link.Restart = (session.Time.GetTimestamp(), delay);
        if (link == connector.Current)
            _renewal.Set(delay, Renew);
    }

    /// <summary>Replaces the current connection, if the new one has caught up in all rooms, and the current one has answered everything.</summary>
    public void Check()
    {
        if (Link is not { Welcome: { } welcome } link || !link.IsLiveIn(welcome.Room) || !session.Rooms.AreSettledOn(link))
            return;
        if (connector.Current is not { } current)
            return;
        if (!_isGraceOver && !IsReplaceable(current, link))
        {
            if (!_grace.IsSet)
                _grace.Set(session.Settings.Times.Grace, OnGraceOver);
            return;
        }

        ClientLog.Replaced(session.Logger, link.Kind);
        session.Telemetry.Replaced();
        Release();
        connector.Replace(current, link);
    }

    /// <summary>The connection isn't a replacement anymore.</summary>
    public void Release()
    {
        (Link, _trials, _isGraceOver) = (null, null, false);
        _grace.Cancel();
    }

    public void Leave(Link old)
    {
        _leaving.Add(old);
        old.Leave(session.Settings.Times.Leave);
    }

    public void OnEnded(Link link, LinkEnd end)
    {
        if (_leaving.Remove(link) || link != Link)
            return;
        session.Drop(link);
        var trials = _trials;
        Release();
        if (trials is not null)
        {
            TryNext(trials);
            return;
        }

        // The current connection goes on until it ends.
        ClientLog.NotReplaced(session.Logger, end.Code, end.Reason);
        _renewal.Set(session.Settings.Times.Backoff.After(_attempts++) + MinimumAfter(link, end), Renew);
    }

    public void Drop()
    {
        _renewal.Cancel();
        _better.Cancel();
        Abandon();
        foreach (var left in _leaving)
        {
            left.Drop();
            left.Requests.Drop();
        }

        _leaving.Clear();
    }

    /// <summary>The server may also let the client into rooms by itself.</summary>
    private bool IsReplaceable(Link current, Link link) =>
        current.Requests.IsEmpty && !session.Outbox.IsWaitingFor(current)
        && current.Rooms.All(room => !room.Value.IsLive || link.IsSettledIn(room.Key));

    private void OnGraceOver()
    {
        _isGraceOver = true;
        Check();
    }

    private void Abandon()
    {
        if (Link is { } link)
            session.Drop(link);
        Release();
    }

    private TimeSpan MinimumAfter(Link link, LinkEnd end) => link.Earliest ?? end.Earliest ?? end.Code switch
    {
        LinkEnd.Policy => session.Settings.Times.Refused,
        LinkEnd.Busy => session.Settings.Times.Busy,
        _ => TimeSpan.FromMilliseconds(100),
    };

    private void Renew()
    {
        if (_trials is not null)
            Abandon(); // There is no time to look for a better transport.
        Open(choice.Current, null);
    }

    private void Open(ChatTransport transport, ChatTransport[]? trials)
    {
        if (Link is not null || connector.Current is not { Welcome: not null })
            return;
        Link = new Link(session, transport, LinkRole.Beside) { IsShared = true };
        _trials = trials;
        ClientLog.Replacing(session.Logger, transport);
        Link.Start();
    }

    private void TryBetter() => TryNext([.. choice.Better]);

    private void TryNext(ChatTransport[] transports)
    {
        if (transports is [var first, .. var others] && Link is null)
        {
            Open(first, others);
            return;
        }

        choice.StayedBehind();
        if (choice.TryBetterIn is { } wait)
            _better.Set(wait, TryBetter);
    }
}
