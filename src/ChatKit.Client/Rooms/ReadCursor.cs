using ChatKit.Client.Connections;

namespace ChatKit.Client.Rooms;

/// <summary>Tells the server how far the user has read a room: not too often, but the latest position for sure. Under the session's lock.</summary>
internal sealed class ReadCursor(TimeProvider time, Lock gate, TimeSpan interval, Action<MessagePosition> send)
{
    private OneShot? _timer;
    private MessagePosition? _known; // by the server
    private bool _isReady;

    public MessagePosition? Wanted { get; private set; }

    public void Read(MessagePosition position)
    {
        if (!position.IsAfter(Wanted))
            return;
        Wanted = position;
        Flush();
    }

    /// <summary>The client has caught up with the room, and knows the server's position. Positions of an earlier epoch mean nothing there.</summary>
    public void Start(MessagePosition? position, MessagePosition latest)
    {
        if (Wanted is { } wanted && !wanted.IsOfSameEpoch(latest))
            Wanted = null;
        if (position is { } read)
            Follow(read);
        _isReady = true;
        Flush();
    }

    /// <summary>The user has read on another device.</summary>
    public void Follow(MessagePosition position)
    {
        if (position.IsAfter(_known))
            _known = position;
    }

    /// <summary>Sends the latest position now, because it can't be sent later.</summary>
    public void Finish()
    {
        _timer?.Cancel();
        Flush();
    }

    /// <summary>There is no connection.</summary>
    public void Stop()
    {
        _timer?.Cancel();
        _known = null;
        _isReady = false;
    }

    public void Reset() => Wanted = null;

    private void Flush()
    {
        if (!_isReady || _timer is { IsSet: true } || Wanted is not { } wanted || !wanted.IsAfter(_known))
            return;
        _known = wanted;
        send(wanted);
        (_timer ??= new OneShot(time, gate)).Set(interval, Flush);
    }
}
