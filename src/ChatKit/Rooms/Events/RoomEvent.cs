namespace ChatKit.Rooms.Events;

/// <summary>
/// Something that a room tells those who can be told. Goes through the room in place of a message, so that it comes at its place
/// among them.
/// </summary>
internal abstract record RoomEvent
{
    /// <summary>The frame for a client that speaks <see cref="ChatKitSubprotocol.V1"/>; empty if it is not for clients.</summary>
    public abstract byte[] Frame(string room);
}
