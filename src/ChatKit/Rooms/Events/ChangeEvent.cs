namespace ChatKit.Rooms.Events;

/// <summary>A stored message was edited or deleted.</summary>
/// <param name="Message">The message as it is now.</param>
/// <param name="After">The last message that the room had accepted before the change; null if it is unknown.</param>
internal sealed record ChangeEvent(ChatMessage Message, MessagePosition? After) : RoomEvent
{
    public long Revision => Message.Revision.GetValueOrDefault();
}
