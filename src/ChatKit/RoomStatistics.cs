namespace ChatKit;

/// <summary>What a node knows of a room that has members on it, as <see cref="INodeInspector"/> measures it.</summary>
/// <param name="Name">The room's name.</param>
/// <param name="Members">The number of connections of this node that are in the room.</param>
/// <param name="MembersBehind">How many of them are receiving stored messages, because they have just joined, or read too slowly.</param>
/// <param name="Position">The position of the last message that this node has accepted; null if it isn't known yet.</param>
/// <param name="Events">
/// The number of messages, changes and other events that the room has accepted on this node since its first member came. The difference of two
/// values is the room's activity. It begins at 0 again when all members have left.
/// </param>
public sealed record RoomStatistics(string Name, int Members, int MembersBehind, MessagePosition? Position, long Events);
