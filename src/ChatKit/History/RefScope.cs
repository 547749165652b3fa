namespace ChatKit.History;

/// <summary>
/// What is stored while a handler deals with a message that its client has named. Each stored message gets a key of its own, made of the
/// name and of what is stored: handled again, what is the same has the same key, and is stored once. Whatever else a handler then stores is
/// another message, and never taken for one of the first time. Flows with the handler's calls, so that what others of its connection store
/// at the same time has no part in it.
/// </summary>
internal sealed class RefScope(string? user, string reference)
{
    private static readonly AsyncLocal<RefScope?> Ambient = new();

    /// <summary>How often each was stored: a handler may say the same thing twice. Nearly always one.</summary>
    private readonly Dictionary<string, int> _counts = new(1);
    private volatile bool _ended;

    /// <summary>The scope that the caller runs in; null if there is none, or its message has been dealt with.</summary>
    public static RefScope? Current => Ambient.Value is { _ended: false } scope ? scope : null;

    /// <summary>The room of the first message that was stored; null as long as none was.</summary>
    public string? Room { get; private set; }

    /// <summary>Where the first message was stored.</summary>
    public MessagePosition? Position { get; private set; }

    /// <summary>Begins the scope for what the calling method calls from now on.</summary>
    public void Begin() => Ambient.Value = this;

    /// <summary>What a handler has begun and not awaited is not part of the message any more.</summary>
    public void End() => _ended = true;

    /// <summary>The key of a message that is about to be stored in a room.</summary>
    public string KeyOf(string room, ChatMessage message)
    {
        var digest = IdempotencyKey.Digest(room, message);
        int count;
        lock (_counts)
            _counts[digest] = count = _counts.GetValueOrDefault(digest) + 1;
        return IdempotencyKey.OfUser(user, reference, digest, count);
    }

    public void Stored(string room, MessagePosition position)
    {
        if (Room is null)
            (Room, Position) = (room, position);
    }
}
