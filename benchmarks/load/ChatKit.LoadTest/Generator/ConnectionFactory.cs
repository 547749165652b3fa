namespace ChatKit.LoadTest.Generator;

/// <summary>Creates a member of a room, which is not connected yet.</summary>
internal delegate Connection ConnectionFactory(Fleet fleet, RoomMembers room);
