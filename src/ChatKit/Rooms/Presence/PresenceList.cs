using ChatKit.Rooms.Events;

namespace ChatKit.Rooms.Presence;

/// <summary>Who is in a room, as far as its node knows, and how the room's members are notified of it. The room's lock guards it.</summary>
/// <param name="limit">The number of members above which nobody is notified of more than their number.</param>
internal sealed class PresenceList(int limit)
{
    private readonly HashSet<string> _members = [];

    /// <summary>The data, as JSON, of the members that have some; null if none ever had.</summary>
    private Dictionary<string, string>? _data;

    public IReadOnlySet<string> Members => _members;

    public int Count => _members.Count;

    /// <summary>Whether there were too many members for a list when <see cref="UpdateIsLarge"/> was last called.</summary>
    public bool IsLarge { get; private set; }

    /// <summary>The frame that says who is here, cached until that changes: it is long, and many members need it.</summary>
    public byte[]? Frame { get; set; }

    /// <summary>Limits how often the number is sent; null until it is sent for the first time.</summary>
    public CountNotice? Notice { get; set; }

    /// <summary>The number of checks since the list was last read from the store.</summary>
    public int ChecksSinceRead { get; set; }

    /// <summary>Adds a member, or changes its data. Returns null if nothing has changed.</summary>
    /// <param name="id">The member.</param>
    /// <param name="json">Its data; null if it has none, or if that is unknown.</param>
    public PresenceChange? Set(string id, string? json)
    {
        var isNew = _members.Add(id);
        var isChanged = json is not null && (_data is null || !_data.TryGetValue(id, out var known) || known != json);
        if (isChanged)
            (_data ??= [])[id] = json!;
        if (isNew || isChanged)
            Frame = null;
        return isNew ? PresenceChange.Joined : isChanged ? PresenceChange.Changed : null;
    }

    /// <summary>Removes a member. Returns false if it is not on the list.</summary>
    public bool Remove(string id)
    {
        if (!_members.Remove(id))
            return false;
        _data?.Remove(id);
        Frame = null;
        return true;
    }

    /// <summary>
    /// Decides whether there are too many members for a list. There must be fewer again, by a tenth, before lists return: a list is long, and
    /// everybody receives it.
    /// </summary>
    /// <returns>Whether the decision has changed.</returns>
    public bool UpdateIsLarge()
    {
        var before = IsLarge;
        IsLarge = Count > (IsLarge ? limit - (limit / 10) : limit);
        return IsLarge != before;
    }

    /// <summary>The event for members, with their data.</summary>
    public PresenceEvent EventOf(PresenceChange change, IReadOnlyList<string> members)
    {
        Dictionary<string, string>? data = null;
        if (change != PresenceChange.Left && _data is { Count: > 0 })
        {
            foreach (var id in members)
            {
                if (_data.TryGetValue(id, out var json))
                    (data ??= []).Add(id, json);
            }
        }

        return new PresenceEvent(change, members, data);
    }

    /// <summary>The event that says who is here, or how many.</summary>
    public PresenceEvent Whole() =>
        IsLarge ? new PresenceEvent(PresenceChange.Count, [], Count: Count) : EventOf(PresenceChange.Here, [.. _members]);
}
