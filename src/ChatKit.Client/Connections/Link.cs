using System.Diagnostics;
using ChatKit.Client.Protocol;
using ChatKit.Client.Rooms;
using ChatKit.Client.Transports;

namespace ChatKit.Client.Connections;

/// <summary>What a connection is for.</summary>
internal enum LinkRole
{
    /// <summary>The client uses it, as soon as it is established.</summary>
    Current,

    /// <summary>It replaces the current one as soon as it has caught up.</summary>
    Beside,

    /// <summary>Another one has replaced it. Answers can still arrive on it.</summary>
    Leaving,
}

/// <summary>One connection, or an attempt to connect. Its public members are under the session's lock.</summary>
internal sealed partial class Link
{
    /// <summary>How long the end may take after a failed write. What the server says about it can still arrive.</summary>
    private static readonly TimeSpan EndAfterFailedWrite = TimeSpan.FromSeconds(1);

    private readonly Session _session;
    private readonly OneShot _silence;
    private readonly Dictionary<string, LinkRoom> _rooms = [];
    private readonly LinkWriter _writer;
    private Transport? _transport;
    private string[]? _former; // ids of earlier connections
    private Activity? _attempt;
    private ActivityContext _cause; // of the attempt
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isEnded;
    private TimeSpan _limit;
    private long _heardAt;

    public Link(Session session, ChatTransport kind, LinkRole role)
    {
        (_session, Kind, Role) = (session, kind, role);
        _silence = new OneShot(session.Time, session.Gate);
        Pause = new OneShot(session.Time, session.Gate);
        _writer = new LinkWriter(session.Gate, OnFailedToWrite);
    }

    public ChatTransport Kind { get; }

    public LinkRole Role { get; set; }

    public ServerFrame? Welcome { get; private set; }

    public Moment WelcomedAt { get; private set; }

    /// <summary>The number of frames that were sent.</summary>
    public int Sent { get; private set; }

    /// <summary>Another connection has fed the same rooms meanwhile.</summary>
    public bool IsShared { get; init; }

    /// <summary>Has sent too much.</summary>
    public bool IsLimited { get; private set; }

    /// <summary>The minimum delay before the next connection.</summary>
    public TimeSpan? Earliest { get; private set; }

    /// <summary>When the server wants the client to come back, as a timestamp and a delay after it.</summary>
    public (long At, TimeSpan Delay)? Restart { get; set; }

    /// <summary>Whether the credentials have expired, or are about to, on a connection that was live.</summary>
    public bool HasExpired => Welcome?.Expires is { } expires && IsLiveIn(Welcome.Room)
        && WelcomedAt.Age(_session.Time).TotalSeconds >= 0.7 * expires;

    /// <summary>Whether the server accepts frames.</summary>
    public bool IsOpen => Welcome is not null && !IsLimited && !_isEnded && Role != LinkRole.Leaving;

    /// <summary>Completes when the connection has ended.</summary>
    public Task Ended => _ended.Task;

    public Requests Requests { get; } = new();

    /// <summary>How many answers to `leave` are due, by room.</summary>
    public Dictionary<string, int> Leaves { get; } = [];

    /// <summary>Rooms whose positions don't fit into the address.</summary>
    public RoomState[] Unnamed { get; private set; } = [];

    /// <summary>Rooms that wait for their turn to be joined.</summary>
    public Queue<RoomState> Joining { get; } = new();

    /// <summary>The number of frames after which rooms have to wait.</summary>
    public int Allowed { get; set; } = int.MaxValue;

    public OneShot Pause { get; }

    /// <summary>What arrived without a position on this connection, while there were two.</summary>
    public Dictionary<string, int>? Passing { get; set; }

    public LinkRoom RoomOf(string room)
    {
        if (!_rooms.TryGetValue(room, out var found))
            _rooms.Add(room, found = new LinkRoom());
        return found;
    }

    public void Forget(string room)
    {
        _rooms.Remove(room);
        _kept.RemoveAll(frame => frame.Room == room);
    }

    public IEnumerable<KeyValuePair<string, LinkRoom>> Rooms => _rooms;

    /// <summary>Whether the client can send to a room. The home room needs no name.</summary>
    public bool IsIn(string? room) =>
        room is null || room == Welcome?.Room || (_rooms.TryGetValue(room, out var found) && found.Entry != Entry.None);

    /// <summary>Whether the client has caught up with a room, or may not be in it.</summary>
    public bool IsSettledIn(string room) => _rooms.TryGetValue(room, out var found) && (found.IsLive || found.Refusal is not null);

    public bool IsLiveIn(string? room) => room is not null && _rooms.TryGetValue(room, out var found) && found.IsLive;

    public bool Fits(byte[] frame) => Welcome is null || frame.Length <= Welcome.Limit;

    public void Start()
    {
        Expect(_session.Settings.Options.ConnectTimeout);
        _cause = Activity.Current?.Context ?? default;
        ThreadPool.UnsafeQueueUserWorkItem(static link => _ = link.RunAsync(), this, preferLocal: false);
    }

    public void Accept(ServerFrame welcome)
    {
        (Welcome, WelcomedAt) = (welcome, Moment.Now(_session.Time));
        _attempt?.Stop();
        if (welcome.Ping > 0)
            Expect(TimeSpan.FromSeconds(2 * welcome.Ping));
        else
            _silence.Cancel();
    }

    /// <summary>The server closes the connection.</summary>
    public void Limit(double? retry)
    {
        IsLimited = true;
        Earliest = retry >= 0 ? TimeSpan.FromSeconds(retry.Value) : _session.Settings.Times.Refused;
    }

    /// <param name="frame">The frame.</param>
    /// <param name="before">Ends before the frame is sent.</param>
    /// <param name="isMessage">Whether the frame is of the outbox.</param>
    public void Send(byte[] frame, Task? before = null, bool isMessage = false)
    {
        if (!IsOpen)
            return;
        Sent++;
        _writer.Add(frame, before, isMessage);
    }

    public void SendPong() => _writer.Add(ClientFrames.Pong);

    /// <summary>Forgets messages that aren't sent yet, unless the server itself keeps their order.</summary>
    public void Unqueue()
    {
        if (Kind == ChatTransport.Polling)
            _writer.ForgetMessages();
    }

    /// <summary>Ends the connection on behalf of the client, once everything is sent.</summary>
    public void Leave(TimeSpan limit)
    {
        Role = LinkRole.Leaving;
        if (_isEnded)
            return;
        Expect(limit);
        _writer.Add(null);
    }

    /// <summary>Ends the connection at once. The connector isn't notified.</summary>
    public void Drop()
    {
        if (!_isEnded)
            Finish();
    }

    /// <summary>Ends the connection as a network failure would.</summary>
    public void Break() => End(LinkEnd.Broken("The connection was aborted."));

    private async Task RunAsync()
    {
        LinkEnd end;
        Transport? transport = null;
        try
        {
            _attempt = _session.Telemetry.StartConnect(Kind, _cause);
            transport = await CreateAsync().ConfigureAwait(false);
            end = await transport.RunAsync(this, this).ConfigureAwait(false);
        }
        catch (LinkEndedException e)
        {
            end = e.End;
        }
        catch (Exception e)
        {
            end = LinkEnd.Broken(HttpRequests.Describe(e)) with { IsLocal = transport is null };
        }

        lock (_session.Gate)
            End(end);
        transport?.Dispose();
    }

    private async Task<Transport> CreateAsync()
    {
        var token = _session.Settings.Options.Token is { } getToken ? await GetTokenAsync(getToken).ConfigureAwait(false) : null;
        var transport = Transport.Create(Kind, _session.Settings, token);
        lock (_session.Gate)
        {
            if (_isEnded)
                transport.Abort();
            else
                Expect(_session.Connector.ConnectTimeout);
            return _writer.Transport = _transport = transport;
        }
    }

    private async Task<string?> GetTokenAsync(Func<CancellationToken, Task<string?>> getToken)
    {
        using var stopping = new CancellationTokenSource();
        var getting = getToken(stopping.Token);
        if (await Task.WhenAny(getting, Ended).ConfigureAwait(false) == getting)
            return await getting.ConfigureAwait(false);
        await stopping.CancelAsync().ConfigureAwait(false);
        throw new TimeoutException("There was no token in time.");
    }

    /// <summary>Ends the connection if nothing arrives in time.</summary>
    private void Expect(TimeSpan limit)
    {
        (_limit, _heardAt) = (limit, _session.Time.GetTimestamp());
        _silence.Set(limit, CheckSilence);
    }

    /// <summary>Until there is a welcome, nothing else counts: a proxy can hold it back.</summary>
    private void Hear()
    {
        if (Welcome is not null)
            _heardAt = _session.Time.GetTimestamp();
    }

    private void CheckSilence()
    {
        var rest = _limit - _session.Time.GetElapsedTime(_heardAt);
        if (rest > TimeSpan.Zero && Role != LinkRole.Leaving)
            _silence.Set(rest, CheckSilence);
        else
            End(LinkEnd.Broken("The server has not answered in time.") with { IsLate = true });
    }

    private void End(LinkEnd end)
    {
        if (_isEnded)
            return;
        Finish();
        _session.Connector.OnEnded(this, end);
    }

    private void OnFailedToWrite(Exception exception)
    {
        if (!_isEnded)
            _silence.Set(Kind == ChatTransport.WebSockets ? EndAfterFailedWrite : TimeSpan.Zero, () => End(LinkEnd.Broken(exception.Message)));
    }

    private void Finish()
    {
        _isEnded = true;
        _ended.TrySetResult();
        _silence.Cancel();
        Pause.Cancel();
        _writer.Stop();
        _attempt?.Stop();
        var transport = _transport;

        // Not here, because that can continue what waits for the transport, under the lock.
        if (transport is not null)
            ThreadPool.UnsafeQueueUserWorkItem(static transport => transport.Abort(), transport, preferLocal: false);
    }
}
