namespace ChatKit.AspNetCore.Sockets;

/// <summary>What a loop reports the events of a socket to.</summary>
internal interface IPolled
{
    /// <summary>
    /// Called on the loop's thread, so it must not block. The event can be one of a socket that had the same descriptor before, so it only
    /// means that it is worth trying.
    /// </summary>
    void OnReady(PollEvents events);
}
