namespace ChatKit.LoadTest.Generator;

/// <summary>The connections in a room, and the senders whose messages they receive.</summary>
internal sealed class RoomMembers(string name)
{
    public string Name => name;

    public List<Connection> Members { get; } = [];

    /// <summary>The number of the first sender of the room. The others follow consecutively.</summary>
    public int FirstSender { get; set; }

    public List<Sender> Senders { get; } = [];
}
