using System.Net.WebSockets;

namespace ChatKit.ChatKitV1;

/// <summary>The client of a <see cref="ClientDialog"/>.</summary>
internal interface IDialogClient
{
    /// <summary>The user's ID; null if the client is anonymous.</summary>
    string? UserId { get; }

    /// <summary>The home room's name.</summary>
    string Room { get; }

    /// <summary>Whether the client may join and leave rooms, and address them.</summary>
    bool AllowsClientJoins { get; }

    /// <summary>Whether the server keeps what users have read.</summary>
    bool TracksReads { get; }

    /// <summary>Whether the client is in a room.</summary>
    bool IsIn(string room);

    /// <summary>
    /// Lets the client join a room, if the handler allows it. The stored messages follow in the background.
    /// </summary>
    /// <param name="join">The room.</param>
    /// <param name="ack">The frame that the client receives before anything of the room.</param>
    ValueTask<JoinResult> JoinAsync(ClientRequest.Join join, byte[] ack);

    /// <summary>Lets the client leave a room. When this completes, nothing more of the room is enqueued for it.</summary>
    ValueTask LeaveByClientAsync(string room);

    /// <summary>Reads the stored messages of a room before a position.</summary>
    /// <exception cref="HistoryUnavailableException">The store can't be reached.</exception>
    ValueTask<OlderMessages> ReadBeforeAsync(string room, MessagePosition? before, int limit);

    /// <summary>The size in bytes of the queue of frames for the client.</summary>
    int QueueLimit { get; }

    /// <summary>Moves the user's read cursor in a room. Never waits.</summary>
    void MoveRead(string room, MessagePosition to);

    /// <summary>Records that a frame of the client was refused.</summary>
    /// <param name="code">One of <see cref="V1Error"/>, or the code of an application.</param>
    void OnRefused(string code);

    /// <summary>Waits until a frame that is not compressed was taken for sending.</summary>
    /// <exception cref="WebSocketClosedException">The connection is closed.</exception>
    ValueTask EnqueueAsync(byte[] frame, CancellationToken cancellationToken = default);

    /// <summary>Sends a small frame even if the client's queue is full.</summary>
    void EnqueueIgnoringLimit(ReadOnlyMemory<byte> frame);

    /// <summary>Sets the positions from which the client resumes when it next enters these rooms.</summary>
    void Resume(IReadOnlyDictionary<string, StreamPosition> after);

    /// <summary>Closes the connection.</summary>
    void Disconnect(WebSocketCloseStatus status, string? reason);
}
