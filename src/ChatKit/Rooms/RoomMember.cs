namespace ChatKit.Rooms;

/// <summary>A connection in a room. Its state belongs to the room, which guards it by its lock.</summary>
internal sealed class RoomMember(IRoomClient client, int replay)
{
    public IRoomClient Client { get; } = client;

    /// <summary>How many stored messages the member is given on joining; 0 = it takes live messages only.</summary>
    public int Replay { get; } = replay;

    public MemberState State { get; set; }

    /// <summary>The last position that was enqueued for the member while it catches up; null before the first.</summary>
    public MessagePosition? Cursor { get; set; }

    /// <summary>How many messages the room had accepted when the member went live. Those were not for it, or it has read them.</summary>
    public long Since { get; set; }

    /// <summary>Up to here the member has got the room's messages from history: live ones until then are doubles.</summary>
    public MessagePosition ReadThrough { get; set; }

    /// <summary>Whether a live member has not got a message before.</summary>
    /// <param name="message">The message.</param>
    /// <param name="number">How many messages the room had accepted before it.</param>
    public bool Lacks(ChatMessage message, long number) =>
        number >= Since && message.Position?.IsCoveredBy(ReadThrough) != true;

    /// <summary>Whether a live member is to receive a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="number">How many messages the room had accepted before it.</param>
    public bool IsDue(ChatMessage message, long number) => Lacks(message, number) && message.IsFor(Client.Id);
}
