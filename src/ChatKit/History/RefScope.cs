using System.Runtime.InteropServices;

namespace ChatKit.History;

/// <summary>
/// Gives the messages that a handler stores, while it handles a message with a ref, their idempotency keys. A key is derived from the ref and
/// from the stored message. If the client sends the message again and the handler stores the same, it is stored once. If the handler stores
/// something else, that is another message. The scope flows with the handler's calls, so other messages of the connection are not part of it.
/// </summary>
internal sealed class RefScope(string? user, string reference)
{
    private static readonly AsyncLocal<RefScope?> Ambient = new();

    /// <summary>
    /// The digest of the first message that was stored, and the number of times: a handler may broadcast the same text twice. Nearly always 1.
    /// </summary>
    private (UInt128 Digest, int Count) _first;

    /// <summary>The same of other messages; null if the handler has stored one message, as nearly all do.</summary>
    private Dictionary<UInt128, int>? _others;
    private volatile bool _ended;

    /// <summary>The scope that the caller runs in; null if there is none, or if its message was handled.</summary>
    public static RefScope? Current => Ambient.Value is { _ended: false } scope ? scope : null;

    /// <summary>The room of the first message that was stored; null if none was.</summary>
    public string? Room { get; private set; }

    /// <summary>The position of the first message that was stored.</summary>
    public MessagePosition? Position { get; private set; }

    /// <summary>Begins the scope for what the calling method calls from now on.</summary>
    public void Begin() => Ambient.Value = this;

    /// <summary>Ends the scope. Work that the handler has started and not awaited is not part of it any more.</summary>
    public void End() => _ended = true;

    /// <summary>Whether a message could not be changed, because it is no longer stored.</summary>
    public bool IsGone { get; set; }

    /// <summary>The key of a message or a change that is about to be stored.</summary>
    /// <param name="digest">Its digest (<see cref="IdempotencyKey"/>).</param>
    public string KeyOf(UInt128 digest)
    {
        lock (this)
            return IdempotencyKey.OfUser(user, reference, digest, ++CountOf(digest));
    }

    /// <summary>
    /// Takes the key of a message or a change back that could not be stored, or may not have been. If the handler tries again, it has the
    /// same key, and is stored once. Does nothing if an equal one has been given a key since.
    /// </summary>
    public void TakeBack(UInt128 digest, string key)
    {
        lock (this)
        {
            ref var count = ref CountOf(digest);
            if (IdempotencyKey.OfUser(user, reference, digest, count) == key)
                count--;
        }
    }

    public void Stored(string room, MessagePosition position)
    {
        if (Room is null)
            (Room, Position) = (room, position);
    }

    private ref int CountOf(UInt128 digest)
    {
        if (_first.Count == 0)
            _first.Digest = digest;
        if (_first.Digest == digest)
            return ref _first.Count;
        return ref CollectionsMarshal.GetValueRefOrAddDefault(_others ??= [], digest, out _);
    }
}
