using System.Net.WebSockets;

namespace ChatKit.ChatKitV1;

/// <summary>The client of a <see cref="ClientDialog"/>.</summary>
internal interface IDialogClient
{
    /// <summary>The user's ID; null if the client is anonymous.</summary>
    string? UserId { get; }

    /// <summary>Waits until a frame that is not compressed was taken for sending.</summary>
    /// <exception cref="WebSocketClosedException">The connection is closed.</exception>
    ValueTask EnqueueAsync(byte[] frame, CancellationToken cancellationToken = default);

    /// <summary>Sends a small frame even if the client's queue is full.</summary>
    void EnqueueIgnoringLimit(ReadOnlyMemory<byte> frame);

    /// <summary>Sets the positions from which the client resumes when it next enters these rooms.</summary>
    void Resume(IReadOnlyDictionary<string, MessagePosition> after);

    /// <summary>Closes the connection.</summary>
    void Disconnect(WebSocketCloseStatus status, string? reason);
}
