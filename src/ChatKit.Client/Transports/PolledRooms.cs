using System.Globalization;
using ChatKit.Client.Protocol;

namespace ChatKit.Client.Transports;

/// <summary>The rooms that polls join besides the home room, and what of their answers is new. Each poll begins like a new connection.</summary>
internal sealed class PolledRooms : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<Room> _rooms = [];
    private readonly HashSet<string> _left = [];
    private readonly HashSet<string> _live = [];
    private readonly Dictionary<string, string> _presence = [];
    private CancellationTokenSource _changed = new();

    public bool HasWelcome { get; private set; }

    /// <summary>Returns the rooms that the next poll joins, and what ends it because they change.</summary>
    public Room[] Begin(CancellationToken ending, out CancellationToken changed)
    {
        ending.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_changed.IsCancellationRequested)
                _changed = new CancellationTokenSource();
            changed = _changed.Token;
            return [.. _rooms];
        }
    }

    /// <summary>Returns false if an address has no room for it.</summary>
    public bool TryJoin(string name, string reference, int maxLength)
    {
        lock (_gate)
        {
            // Its name, and its position.
            if (_rooms.Append(new Room(name, null)).Sum(static room => (2 * Uri.EscapeDataString(room.Name).Length) + 60) > maxLength)
                return false;
            _left.Remove(name);
            _rooms.RemoveAll(room => room.Name == name);
            _rooms.Add(new Room(name, reference));
        }

        Change();
        return true;
    }

    public void Leave(string name)
    {
        lock (_gate)
        {
            Forget(name);
            _left.Add(name);
        }

        Change();
    }

    /// <summary>Turns the frames of a poll into those of the one connection that the client sees.</summary>
    public List<ServerFrame> Take(ServerFrame[] frames, Room[] asked, TimeSpan wait)
    {
        lock (_gate)
        {
            var taken = new List<ServerFrame>();
            var refusals = frames.Select(frame => RefusedBy(frame, asked)).ToArray();
            foreach (var room in asked)
            {
                if (room.Ref is null || refusals.Contains(room) || _rooms.IndexOf(room) is not (>= 0 and var index))
                    continue;
                _rooms[index] = room with { Ref = null };
                taken.Add(new ServerFrame { Type = "ack", Ref = room.Ref, Room = room.Name });
            }

            foreach (var (frame, refused) in frames.Zip(refusals))
            {
                if (refused is not null)
                    Refuse(frame, refused, taken);
                else if ((frame.Room is null || !_left.Contains(frame.Room)) && IsNew(frame))
                    taken.Add(frame.Type == "welcome" ? frame with { Ping = wait.TotalSeconds } : frame);
            }

            // The acks of joins can't precede the first welcome.
            return [.. taken.OrderBy(static frame => frame.Type == "welcome" ? 0 : 1)];
        }
    }

    public void Dispose() => _changed.Dispose();

    private static Room? RefusedBy(ServerFrame frame, Room[] asked) =>
        frame is { Type: "error", Ref: { } reference } && reference.StartsWith("join-", StringComparison.Ordinal)
            && int.TryParse(reference.AsSpan("join-".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < asked.Length
            ? asked[index]
            : null;

    /// <summary>The client can have left the room, or the store can be unavailable for a moment.</summary>
    private void Refuse(ServerFrame frame, Room refused, List<ServerFrame> taken)
    {
        var index = _rooms.FindIndex(room => room.Name == refused.Name && room.Ref == refused.Ref);
        if (index < 0 || (refused.Ref is null && frame.Code == ChatErrorCodes.Unavailable))
            return;
        Forget(refused.Name);
        taken.Add(refused.Ref is { } reference
            ? frame with { Ref = reference }
            : new ServerFrame { Type = "left", Room = refused.Name, Reason = frame.Text });
    }

    private bool IsNew(ServerFrame frame)
    {
        switch (frame.Type)
        {
            case "welcome":
                var isFirst = !HasWelcome;
                HasWelcome = true;
                return isFirst;
            case "live":
                return _live.Add(frame.Room!);
            case "left":
                Forget(frame.Room!);
                return true;
            case "presence":
                var members = frame.Members?.Select(static member => member.Key + member.Value.GetRawText()) ?? [];
                var text = $"{frame.Count}:{string.Join('\n', frame.Here ?? [])}:{string.Join('\n', members)}";
                var isKnown = _presence.TryGetValue(frame.Room!, out var known) && known == text;
                _presence[frame.Room!] = text;
                return !isKnown;
            default:
                return true;
        }
    }

    private void Forget(string name)
    {
        _rooms.RemoveAll(room => room.Name == name);
        _live.Remove(name);
        _presence.Remove(name);
    }

    /// <summary>Not under the lock, because it continues the poll.</summary>
    private void Change()
    {
        CancellationTokenSource changed;
        lock (_gate)
            changed = _changed;
        changed.Cancel();
    }

    /// <param name="Name">The room.</param>
    /// <param name="Ref">The ref of the join, as long as it isn't answered.</param>
    internal sealed record Room(string Name, string? Ref);
}
