namespace ChatKit;

/// <summary>The members of a room that receive a broadcast.</summary>
public enum Audience
{
    /// <summary>Every connection in the room, including the sender if it is in the room. This is the default.</summary>
    Everyone,

    /// <summary>Every connection in the room except the sender.</summary>
    Others,
}
