using System.Collections.ObjectModel;
using System.Security.Claims;

namespace ChatKit;

/// <summary>What a host knows of a client that it has upgraded to the WebSocket protocol.</summary>
public sealed class WebSocketConnectionInfo
{
    internal const int LargestWindowBits = 15;

    private readonly bool _hasUserId;

    /// <summary>The home room's name, 1 to 255 characters.</summary>
    public required string Room { get; init; }

    /// <summary>Cuts the transport at once, without a close handshake; reads and writes of the stream then fail.</summary>
    public required Action Abort { get; init; }

    /// <summary>The connection's id, unique among all nodes. Default: 128 random bits.</summary>
    public string Id { get; init; } = Guid.NewGuid().ToString("n");

    /// <summary>The client's user. Default: an anonymous one.</summary>
    public ClaimsPrincipal User { get => field ??= new ClaimsPrincipal(); init; }

    /// <summary>
    /// The user's id, as <see cref="WebSocketConnection.UserId"/> has it; null if the client is anonymous. Default: the claim
    /// <see cref="ClaimTypes.NameIdentifier"/> of <see cref="User"/>, else <c>sub</c>.
    /// </summary>
    public string? UserId
    {
        get => _hasUserId ? field : IdOf(User);
        init => (field, _hasUserId) = (value, true);
    }

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
    /// The ids of earlier connections of the same client, as it names them. What these have sent to <see cref="Audience.Others"/> is not sent
    /// back to it. Default: none. Counts only with <see cref="ChatKitSubprotocol.V1"/>.
    /// </summary>
    public IReadOnlyCollection<string> FormerIds { get; init; } = [];

    /// <summary>
    /// Whether the client sends further positions in its first frames, because the handshake has no space for all of them. The handler is
    /// opened when they have arrived, or after 10 seconds. Default: false. Applies only with <see cref="ChatKitSubprotocol.V1"/>.
    /// </summary>
    public bool ResumesByFrame { get; init; }

    /// <summary>Whether permessage-deflate was negotiated (RFC 7692), with no context takeover on either side. Default: false.</summary>
    public bool Deflate { get; init; }

    /// <summary>
    /// How large the client's window for what it is sent may be, in bits (<c>server_max_window_bits</c>, RFC 7692 section 7.1.2.1).
    /// Default: 15, the largest. With less, messages are compressed so that they fit every window, and shrink less.
    /// </summary>
    public int DeflateWindowBits { get; init; } = LargestWindowBits;

    /// <summary>What the handler finds in <see cref="WebSocketConnection.Items"/>. Default: nothing.</summary>
    public IReadOnlyCollection<KeyValuePair<object, object?>> Items { get; init; } = [];

    /// <summary>Never the name: two people may have the same one, and it would make them one user.</summary>
    internal static string? IdOf(ClaimsPrincipal user) => (user.FindFirst(ClaimTypes.NameIdentifier) ?? user.FindFirst("sub"))?.Value;
}
