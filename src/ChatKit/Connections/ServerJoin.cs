using ChatKit.ChatKitV1;

namespace ChatKit.Connections;

/// <summary>
/// The application adds the connection to a room. Takes its place among the messages of the client, because the handler decides about it, and
/// its callbacks never run concurrently.
/// </summary>
/// <param name="Attempt">The join, which has begun.</param>
internal sealed record ServerJoin(RoomJoin Attempt) : ClientRequest;
