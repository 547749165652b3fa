namespace ChatKit;

/// <summary>Who of a room receives a broadcast.</summary>
public enum Audience
{
    /// <summary>Every connection in the room, the sender included if it is in the room. The default.</summary>
    Everyone,

    /// <summary>Every connection in the room but the one that sends.</summary>
    Others,
}
