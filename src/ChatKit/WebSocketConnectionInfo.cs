using System.Collections.ObjectModel;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;

namespace ChatKit;

/// <summary>Describes a client whose connection a host has upgraded to the WebSocket protocol.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class WebSocketConnectionInfo
{
    internal const int LargestWindowBits = 15;

    private readonly bool _hasUserId;

    /// <summary>The home room's name, 1 to 255 characters.</summary>
    public required string Room { get; init; }

    /// <summary>Aborts the transport immediately, without a close handshake. Reads and writes of the stream then fail.</summary>
    public required Action Abort { get; init; }

    /// <summary>The connection's id, unique across all nodes. Default: 128 random bits.</summary>
    public string Id { get; init; } = Guid.NewGuid().ToString("n");

    /// <summary>The client's user. Default: an anonymous user.</summary>
    [AllowNull]
    public ClaimsPrincipal User { get => field ??= new ClaimsPrincipal(new ClaimsIdentity()); init; }

    /// <summary>
    /// The user's id, which becomes <see cref="WebSocketConnection.UserId"/>; null if the client is anonymous. Default: the claim
    /// <see cref="ClaimTypes.NameIdentifier"/> of <see cref="User"/>, or else <c>sub</c>.
    /// </summary>
    public string? UserId
    {
        get => _hasUserId ? field : IdOf(User);
        init => (field, _hasUserId) = (value, true);
    }

    /// <summary>
    /// The time at which the user's credentials expire. The connection is then closed with 1008. If they have already expired, it is closed
    /// before it joins a room. Default: null, never.
    /// </summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The values of the route's parameters. Default: none.</summary>
    public IReadOnlyDictionary<string, object?> RouteValues { get; init; } = ReadOnlyDictionary<string, object?>.Empty;

    /// <summary>
    /// The negotiated subprotocol. Default: null, none. If it is <see cref="ChatKitSubprotocol.V1"/>, the connection speaks that protocol.
    /// </summary>
    public string? Subprotocol { get; init; }

    /// <summary>
    /// The last position that the client received in each room on an earlier connection. When it joins one of these rooms, it receives the
    /// messages after that position. Default: none. Applies only with <see cref="ChatKitSubprotocol.V1"/>, which can report missing
    /// messages.
    /// </summary>
    public IReadOnlyDictionary<string, MessagePosition> ResumeAfter { get; init; } = ReadOnlyDictionary<string, MessagePosition>.Empty;

    /// <summary>
    /// The last revision that the client received in each room in <see cref="ResumeAfter"/>. It receives the changes after it. Default: none;
    /// the client then receives every message that is stored, was changed, and that it has.
    /// </summary>
    public IReadOnlyDictionary<string, long> ResumeRevisions { get; init; } = ReadOnlyDictionary<string, long>.Empty;

    /// <summary>
    /// The ids of earlier connections, as stated by the client. The client doesn't receive messages that these connections sent to
    /// <see cref="Audience.Others"/>. Default: none. Applies only with <see cref="ChatKitSubprotocol.V1"/>.
    /// </summary>
    public IReadOnlyCollection<string> FormerIds { get; init; } = [];

    /// <summary>
    /// Whether the client sends more positions in its first frames, because the handshake has no space for all of them. The handler is
    /// opened when they have arrived, or after 10 seconds. Default: false. Applies only with <see cref="ChatKitSubprotocol.V1"/>.
    /// </summary>
    public bool ResumesByFrame { get; init; }

    /// <summary>Whether permessage-deflate was negotiated (RFC 7692), with no context takeover on either side. Default: false.</summary>
    public bool Deflate { get; init; }

    /// <summary>
    /// The maximum size of the client's window for received messages, in bits (<c>server_max_window_bits</c>, RFC 7692 section 7.1.2.1).
    /// Default: 15, the maximum. Below 15, messages are compressed so that they fit every window, which compresses them less.
    /// </summary>
    public int DeflateWindowBits { get; init; } = LargestWindowBits;

    /// <summary>The initial <see cref="WebSocketConnection.Items"/>. Default: none.</summary>
    public IReadOnlyCollection<KeyValuePair<object, object?>> Items { get; init; } = [];

    /// <summary>
    /// Is called once, when the handler has opened and has entered the home room. The callbacks that follow run in the execution context that
    /// this method leaves. Default: null. Not called if the connection ends before.
    /// </summary>
    public Action? Opened { get; set; }

    internal IReadOnlyDictionary<string, StreamPosition> ResumeAfterWithRevisions() => ResumeAfter.Count == 0
        ? ReadOnlyDictionary<string, StreamPosition>.Empty
        : ResumeAfter.ToDictionary(
            static room => room.Key,
            room => new StreamPosition(room.Value, ResumeRevisions.TryGetValue(room.Key, out var revision) ? revision : null));

    /// <summary>Never returns the user's name: two people can have the same name and would become one user.</summary>
    internal static string? IdOf(ClaimsPrincipal user) => (user.FindFirst(ClaimTypes.NameIdentifier) ?? user.FindFirst("sub"))?.Value;
}
