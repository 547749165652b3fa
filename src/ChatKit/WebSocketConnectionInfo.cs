using System.Collections.ObjectModel;
using System.Security.Claims;

namespace ChatKit;

/// <summary>What a host knows of a client that it has upgraded to the WebSocket protocol.</summary>
public sealed class WebSocketConnectionInfo
{
    /// <summary>The home room's name, 1 to 255 characters.</summary>
    public required string Room { get; init; }

    /// <summary>Cuts the transport at once, without a close handshake; reads and writes of the stream then fail.</summary>
    public required Action Abort { get; init; }

    /// <summary>The connection's id, unique among all nodes. Default: 128 random bits.</summary>
    public string Id { get; init; } = Guid.NewGuid().ToString("n");

    /// <summary>The client's user. Default: nobody.</summary>
    public ClaimsPrincipal User { get => field ??= new ClaimsPrincipal(); init; }

    /// <summary>The user's id, as <see cref="WebSocketConnection.UserId"/> has it; null if the client is anonymous.</summary>
    public string? UserId => IdOf(User);

    /// <summary>
    /// When what the user has proved itself with expires. The connection is then closed with 1008; if that is already so, before it
    /// is in any room. Default: null, never.
    /// </summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The values of the route's parameters. Default: none.</summary>
    public IReadOnlyDictionary<string, object?> RouteValues { get; init; } = ReadOnlyDictionary<string, object?>.Empty;

    /// <summary>
    /// The subprotocol that was negotiated. Default: null, none. With <see cref="ChatKitSubprotocol.V1"/> the connection speaks it.
    /// </summary>
    public string? Subprotocol { get; init; }

    /// <summary>
    /// Up to where the client has the messages of rooms from an earlier connection. On joining one of these rooms it is given what
    /// followed. Default: none. Counts only with <see cref="ChatKitSubprotocol.V1"/>, which can say so if something is missing.
    /// </summary>
    public IReadOnlyDictionary<string, MessagePosition> ResumeAfter { get; init; } = ReadOnlyDictionary<string, MessagePosition>.Empty;

    /// <summary>
    /// Whether the client sends further positions in its first frames, because the handshake has no space for all of them. The handler is
    /// opened when they have arrived, or after 10 seconds. Default: false. Applies only with <see cref="ChatKitSubprotocol.V1"/>.
    /// </summary>
    public bool ResumesByFrame { get; init; }

    /// <summary>
    /// Whether permessage-deflate was negotiated (RFC 7692), with no context takeover on either side and the server's full window.
    /// Default: false.
    /// </summary>
    public bool Deflate { get; init; }

    /// <summary>What the handler finds in <see cref="WebSocketConnection.Items"/>. Default: nothing.</summary>
    public IReadOnlyCollection<KeyValuePair<object, object?>> Items { get; init; } = [];

    internal static string? IdOf(ClaimsPrincipal user) => user.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? user.Identity?.Name;
}
