using System.Text.Json;
using ChatKit.Client.Diagnostics;
using ChatKit.Client.Protocol;
using ChatKit.Client.Transports;

namespace ChatKit.Client.Connections;

/// <summary>What the transport calls, not under the session's lock, and what is kept of it.</summary>
internal sealed partial class Link : IFrameSink, IHandshake
{
    /// <summary>The maximum number of frames that a connection delivers before it takes over.</summary>
    private const int MaxKept = 10_000;

    private List<ServerFrame> _kept = []; // what it has delivered before it took over

    /// <summary>Keeps what is taken when the connection takes over.</summary>
    public void Keep(ServerFrame frame)
    {
        if (_kept.Count < MaxKept)
            _kept.Add(frame);
        else
            End(LinkEnd.Broken("The connection has too much to catch up on."));
    }

    /// <summary>Returns what was kept, and keeps nothing more. What precedes <c>live</c> is new where the former connection was live.</summary>
    public List<ServerFrame> TakeKept(Link former)
    {
        foreach (var (room, place) in _rooms)
        {
            if (!former.IsLiveIn(room))
                place.Live = null;
        }

        var kept = _kept;
        _kept = [];
        return kept;
    }

    void IFrameSink.OnSign()
    {
        lock (_session.Gate)
            Hear();
    }

    void IFrameSink.OnFrame(ReadOnlySpan<byte> json)
    {
        ServerFrame? frame = null;
        try
        {
            frame = JsonSerializer.Deserialize(json, FrameContext.Default.ServerFrame);
        }
        catch (JsonException e)
        {
            ClientLog.FrameIgnored(_session.Logger, e);
        }

        ((IFrameSink)this).OnFrame(frame ?? new ServerFrame());
    }

    void IFrameSink.OnFrame(ServerFrame frame)
    {
        lock (_session.Gate)
        {
            Hear();
            if (!_isEnded)
                _session.Frames.Take(this, frame);
        }
    }

    Uri IHandshake.AddQuery(int maxLength, bool isWhole, out bool isComplete)
    {
        lock (_session.Gate)
        {
            _former ??= [.. _session.Connector.Former];
            var address = _session.Rooms.AddQuery(_session.Settings.Address, _former, maxLength, isWhole, out var unnamed);
            (Unnamed, isComplete) = (unnamed, unnamed.Length == 0);
            foreach (var state in _session.Rooms.All)
                RoomOf(state.Name).Last = state.Position;
            return address;
        }
    }

    TimeSpan IHandshake.Backoff(int attempt) => _session.Settings.Times.Backoff.After(attempt);
}
