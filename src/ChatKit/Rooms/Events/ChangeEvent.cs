namespace ChatKit.Rooms.Events;

/// <summary>A stored message was edited or deleted.</summary>
/// <param name="Message">The message as it is now.</param>
internal sealed record ChangeEvent(ChatMessage Message) : RoomEvent
{
    public long Revision => Message.Revision.GetValueOrDefault();
}
