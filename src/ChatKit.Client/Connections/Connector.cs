using ChatKit.Client.Diagnostics;
using ChatKit.Client.Protocol;

namespace ChatKit.Client.Connections;

/// <summary>Keeps the client connected, by the best transport that gets through. Under the session's lock.</summary>
internal sealed class Connector
{
    private const int MaxRefusals = 3;
    private const int MaxFormer = 8;

    private readonly Session _session;
    private readonly OneShot _next;
    private readonly TransportChoice _choice;
    private readonly List<string> _former = [];
    private LinkEnd? _failure; // the last one
    private int _attempts; // since the client was live
    private int _refusals;

    public Connector(Session session)
    {
        _session = session;
        _next = new OneShot(session.Time, session.Gate);
        _choice = new TransportChoice(session.Settings.Transports, session.Settings.Times, session.Time);
        Replacement = new Replacement(session, this, _choice);
    }

    public ChatState State { get; private set; }

    /// <summary>The user of the latest connection; empty if anonymous, null if there was none.</summary>
    public string? User { get; private set; }

    /// <summary>The connection that the client uses, or the attempt to connect.</summary>
    public Link? Current { get; private set; }

    /// <summary>The connection that is to replace it.</summary>
    public Replacement Replacement { get; }

    /// <summary>The ids of the latest connections.</summary>
    public IReadOnlyList<string> Former => _former;

    /// <summary>Those on which the client is in rooms: the current connection, and the one that is to replace it.</summary>
    public IEnumerable<Link> Welcomed => Used.Where(static link => link.Welcome is not null);

    /// <summary>The other connections of the client, until they have ended.</summary>
    public List<Link> Related(Link link) =>
        [.. Used.Concat(Replacement.Leaving).Where(other => other != link)];

    public TimeSpan ConnectTimeout
    {
        get
        {
            var (connect, fallback) = (_session.Settings.Options.ConnectTimeout, _session.Settings.Times.Fallback);
            return _choice.HasOthers && fallback < connect ? fallback : connect;
        }
    }

    /// <summary>Completes when the client is live, or fails when it is closed.</summary>
    public TaskCompletionSource Live { get; private set; } = NewLive();

    /// <summary>Connects now.</summary>
    public void Open()
    {
        if (_session.IsDisposed)
            return;
        Drop();
        Replacement.Drop();
        if (State == ChatState.Closed)
            Live = NewLive();
        Report(State is ChatState.NotConnected or ChatState.Connecting ? ChatState.Connecting : ChatState.Reconnecting);
        Dial();
    }

    public void OnWelcome(Link link, ServerFrame welcome)
    {
        link.Accept(welcome);
        _session.Settings.Options.Probe?.OnWelcome();
        if (welcome.Connection is { } id)
            _former.Add(id);
        if (_former.Count > MaxFormer)
            _former.RemoveAt(0);
        ClientLog.Connected(_session.Logger, link.Kind, welcome.Room, welcome.Connection);
        if (link == Current)
            Use(link);
    }

    public void OnLive(Link link)
    {
        if (link != Current)
            return;
        (_attempts, _refusals, _failure) = (0, 0, null);
        if (State != ChatState.Live)
            Report(ChatState.Live);
        Live.TrySetResult();
    }

    /// <summary>Another connection takes the place of the current one, which has ended or is left.</summary>
    public void Replace(Link old, Link link)
    {
        (Current, link.Role) = (link, LinkRole.Current);
        if (link.Welcome is null)
        {
            Report(ChatState.Reconnecting);
            return;
        }

        Use(link);
        Replacement.Leave(old);
        if (!link.IsLiveIn(link.Welcome.Room))
            Report(ChatState.Reconnecting);
        _session.Outbox.Release();
        _session.Outbox.Sign(User!);
        _session.Frames.TakeKept(link, old);
        _session.Rooms.Replaced(link);
        _session.Outbox.Transmit();
    }

    public void OnEnded(Link link, LinkEnd end)
    {
        ClientLog.Ended(_session.Logger, link.Kind, end.Code, end.Reason);
        if (_session.IsDisposed)
            return;
        if (link != Current)
        {
            Replacement.OnEnded(link, end);
            link.Requests.Drop();
            return;
        }

        if (!end.IsFinal && Replacement.Link is { } other)
        {
            Current = null;
            _failure = end;
            _session.Drop(link);
            Replacement.Release();
            Replace(link, other);
            Replacement.OnEnded(link, end);
            return;
        }

        OnCurrentEnded(link, end);
    }

    /// <summary>The client is disposed. Returns the connection, which ends when the server has answered what it has received.</summary>
    public Link? BeginDispose()
    {
        _next.Cancel();
        Replacement.Drop();
        if (Current is not { Welcome: not null } link)
            return null;
        link.Leave(_session.Settings.Options.CloseTimeout);
        return link;
    }

    /// <summary>The client is disposed, and the connection has ended, or had its time.</summary>
    public void EndDispose()
    {
        Drop();
        _failure = new LinkEnd(LinkEnd.Normal, "");
        if (State != ChatState.Closed)
            Report(ChatState.Closed);
        Live.TrySetException(new ObjectDisposedException(nameof(ChatClient)));
    }

    private IEnumerable<Link> Used => new[] { Current, Replacement.Link }.OfType<Link>();

    private static TaskCompletionSource NewLive() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Dial()
    {
        Current = new Link(_session, _choice.Current, LinkRole.Current);
        ClientLog.Connecting(_session.Logger, _session.Settings.Endpoint, Current.Kind);
        Current.Start();
    }

    private void Use(Link link)
    {
        User = link.Welcome!.User ?? "";
        _choice.Succeeded(link.Kind);
        Replacement.Schedule(link);
    }

    private void Drop()
    {
        _next.Cancel();
        if (Current is not { } link)
            return;
        Current = null;
        link.Drop();
        _session.Drop(link);
    }

    private void OnCurrentEnded(Link link, LinkEnd end)
    {
        // Without an answer, it can be the fault of the transport.
        if (link.Welcome is null && end is { Code: LinkEnd.Lost, IsLocal: false } && _choice.Failed(end))
        {
            Dial();
            return;
        }

        _failure = end;
        _refusals = end.Code == LinkEnd.Policy && !link.IsLimited && !link.HasExpired ? _refusals + 1 : 0;
        var delay = end.IsFinal || _refusals >= MaxRefusals ? null : DelayAfter(link, end);
        Drop();
        Replacement.Drop();
        if (delay is { } wait)
        {
            _next.Set(wait, Open);
            Report(ChatState.Reconnecting, _session.Time.GetUtcNow() + wait);
            return;
        }

        Report(ChatState.Closed);
        var reason = end.Reason.Length > 0 ? end.Reason : $"The server has closed the connection ({end.Code}).";
        var problem = new ChatException(ChatErrorCodes.Closed, reason) { CloseCode = end.Code };
        _session.Outbox.AbandonAll();
        _session.Rooms.Abandon(problem);
        Live.TrySetException(problem);
    }

    /// <summary>Returns null to stay closed.</summary>
    private TimeSpan? DelayAfter(Link link, LinkEnd end)
    {
        var attempt = _attempts++;
        if (link.Restart is var (at, delay) && _session.Time.GetElapsedTime(at) < delay)
            return delay;
        var times = _session.Settings.Times;
        var earliest = link.Earliest ?? end.Earliest ?? end.Code switch
        {
            LinkEnd.Policy when !link.HasExpired => times.Refused,
            LinkEnd.Busy => times.Busy,
            _ => TimeSpan.Zero,
        };
        try
        {
            return _session.Settings.Options.RetryPolicy.GetDelay(new RetryContext(attempt, end.Code, end.Reason, earliest)) + earliest;
        }
        catch (Exception e)
        {
            ClientLog.RetryPolicyFailed(_session.Logger, e);
            return times.Backoff.After(attempt) + earliest;
        }
    }

    private void Report(ChatState state, DateTimeOffset? retryAt = null)
    {
        if (state != ChatState.Live && Live.Task.IsCompletedSuccessfully)
            Live = NewLive();
        _session.Telemetry.ChangeState(state);
        State = state;
        ClientLog.StateChanged(_session.Logger, state, _failure?.Code, _failure?.Reason);
        _session.Emit(new StateChanged { State = state, CloseCode = _failure?.Code, Reason = _failure?.Reason, RetryAt = retryAt });
    }
}
