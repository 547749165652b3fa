namespace ChatKit.LoadTest.Generator;

/// <summary>The connections in a room, and which senders they hear.</summary>
internal sealed class RoomMembers(string name)
{
    public string Name => name;

    public List<Connection> Members { get; } = [];

    /// <summary>The senders of a room have consecutive numbers from here.</summary>
    public int FirstSender { get; set; }

    public List<Sender> Senders { get; } = [];
}
