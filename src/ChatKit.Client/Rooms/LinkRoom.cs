using ChatKit.Client.Protocol;

namespace ChatKit.Client.Rooms;

/// <summary>How the client has entered a room on a connection.</summary>
internal enum Entry
{
    /// <summary>It hasn't asked to.</summary>
    None,

    /// <summary>It has asked to.</summary>
    Asked,

    /// <summary>It has asked to, and the server had let it in before.</summary>
    Early,

    /// <summary>The server has let it in.</summary>
    In,
}

/// <summary>What concerns a room on one connection.</summary>
internal sealed class LinkRoom
{
    public Entry Entry { get; set; }

    /// <summary>With which frame the client has caught up; null if it hasn't.</summary>
    public ServerFrame? Live { get; set; }

    public bool IsLive => Live is not null;

    /// <summary>
    /// The last position on this connection, or the one from which it resumes. Another connection of the client can be in a later epoch.
    /// </summary>
    public MessagePosition? Last { get; set; }

    /// <summary>
    /// The gaps that no message has followed yet. If the connection breaks before, the server reports the gap again, and it may have grown.
    /// </summary>
    public List<GapFrame>? Gaps { get; set; }

    public Attendance? Attendance { get; set; }

    /// <summary>Why the server doesn't let the client in on a connection that is to replace the current one.</summary>
    public ChatException? Refusal { get; set; }
}

/// <summary>A gap that the server has announced.</summary>
internal sealed record GapFrame(MessagePosition After, MessagePosition Next, long? Missed, bool IsReset);

/// <summary>Who is in a room.</summary>
internal sealed class Attendance
{
    public HashSet<string> Here { get; private set; } = [];

    public Dictionary<string, System.Text.Json.JsonElement> Members { get; private set; } = [];

    public int Count { get; private set; }

    /// <summary>Events keep the previous collections, so the frame changes copies.</summary>
    public void Take(ServerFrame frame)
    {
        var isWhole = frame.Here is not null || frame.Count is not null;
        var here = isWhole ? new HashSet<string>(frame.Here ?? []) : new HashSet<string>(Here);
        var members = isWhole ? [] : new Dictionary<string, System.Text.Json.JsonElement>(Members);
        here.UnionWith(frame.Joined ?? []);
        here.ExceptWith(frame.Left ?? []);
        foreach (var user in (frame.Left ?? []).Concat(frame.Changed ?? []))
            members.Remove(user);
        foreach (var (user, data) in frame.Members ?? [])
            members[user] = data;
        (Here, Members, Count) = (here, members, frame.Count ?? here.Count);
    }

    public PresenceChanged ToEvent(string room, ServerFrame? frame) => new()
    {
        Room = room,
        Here = Here,
        Members = Members,
        Count = Count,
        Joined = frame?.Joined ?? [],
        Left = frame?.Left ?? [],
        Changed = frame?.Changed ?? [],
    };
}
