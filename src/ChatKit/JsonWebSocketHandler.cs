using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ChatKit;

/// <summary>
/// Handles a client that sends and receives JSON. A message that can't be read as a <typeparamref name="TClient"/> is refused with the code
/// <c>invalid_message</c>, and the connection stays open. To clients that speak <see cref="ChatKitSubprotocol.V1"/>, JSON is sent as JSON;
/// other clients receive its text.
/// </summary>
/// <typeparam name="TClient">What clients send.</typeparam>
/// <typeparam name="TServer">What clients receive.</typeparam>
/// <param name="clientType">
/// The metadata of <typeparamref name="TClient"/>, from a source-generated <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.
/// </param>
/// <param name="serverType">The metadata of <typeparamref name="TServer"/>.</param>
[SuppressMessage("Design", "CA1005:Avoid excessive parameters on generic types", Justification = "Clients and the server send different types.")]
public abstract class JsonWebSocketHandler<TClient, TServer>(JsonTypeInfo<TClient> clientType, JsonTypeInfo<TServer> serverType)
    : WebSocketHandler
{
    private const string InvalidMessage = "invalid_message";

    private readonly JsonTypeInfo<TClient> _clientType = clientType ?? throw new ArgumentNullException(nameof(clientType));
    private readonly JsonTypeInfo<TServer> _serverType = serverType ?? throw new ArgumentNullException(nameof(serverType));

    /// <summary>Called when the client has sent a message; see <see cref="WebSocketHandler.OnMessageAsync"/>.</summary>
    /// <param name="message">The message.</param>
    /// <param name="raw">The message as the client has sent it, with its room.</param>
    protected abstract ValueTask OnMessageAsync(TClient message, WebSocketMessage raw);

    /// <summary>Reads a message, and passes it to <see cref="OnMessageAsync(TClient, WebSocketMessage)"/>.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="MessageRefusedException">The message isn't a text, or can't be read as a <typeparamref name="TClient"/>.</exception>
    protected internal sealed override ValueTask OnMessageAsync(WebSocketMessage message) => OnMessageAsync(Read(message), message);

    /// <summary>Reads a message of the client. Use it in <see cref="WebSocketHandler.OnEditAsync"/>.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="MessageRefusedException">The message isn't a text, or can't be read as a <typeparamref name="TClient"/>.</exception>
    protected TClient Read(WebSocketMessage message) =>
        message.Type == WebSocketMessageType.Text && message.TryReadJson(_clientType, out var read)
            ? read
            : throw new MessageRefusedException(InvalidMessage, "This is not a message that the server understands.");

    /// <summary>Sends a message to this client only; see <see cref="WebSocketHandler.SendAsync(string, CancellationToken)"/>.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Cancels the wait. The message is then not sent.</param>
    protected ValueTask SendAsync(TServer message, CancellationToken cancellationToken = default) =>
        SendJsonAsync(JsonSerializer.Serialize(message, _serverType), cancellationToken);

    /// <summary>
    /// Sends a message to everyone in the room of the message that is being handled, else in the home room; see
    /// <see cref="WebSocketHandler.BroadcastAsync(string, BroadcastOptions?, CancellationToken)"/>.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="options">The room, the audience, and whether to store the message; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be accepted.</param>
    /// <exception cref="HistoryUnavailableException">The message couldn't be stored and isn't delivered.</exception>
    protected ValueTask BroadcastAsync(TServer message, BroadcastOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync(JsonSerializer.Serialize(message, _serverType), AsJson(options), cancellationToken);

    /// <summary>Sends a message to everyone in a room, and returns its position.</summary>
    /// <param name="message">The message.</param>
    /// <param name="options">The room, the audience, and whether to store the message; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be accepted.</param>
    /// <returns>The message's position in the room; null if it isn't stored.</returns>
    /// <exception cref="HistoryUnavailableException">The message couldn't be stored and isn't delivered.</exception>
    protected ValueTask<MessagePosition?> PublishAsync(
        TServer message, BroadcastOptions? options = null, CancellationToken cancellationToken = default) =>
        PublishAsync(JsonSerializer.Serialize(message, _serverType), AsJson(options), cancellationToken);

    /// <summary>
    /// Replaces a stored message; see <see cref="WebSocketConnection.EditAsync(MessagePosition, string, string?, CancellationToken)"/>.
    /// </summary>
    /// <param name="position">The position of the message.</param>
    /// <param name="message">What the message becomes.</param>
    /// <param name="room">The message's room. Default: the room of the message that is being handled, else the home room.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be changed.</param>
    /// <returns>Whether the message was changed. False: it is no longer stored, or was deleted.</returns>
    /// <exception cref="HistoryUnavailableException">The change couldn't be stored and isn't delivered.</exception>
    protected ValueTask<bool> EditAsync(
        MessagePosition position, TServer message, string? room = null, CancellationToken cancellationToken = default) =>
        EditJsonAsync(position, JsonSerializer.Serialize(message, _serverType), room, cancellationToken);

    private static BroadcastOptions AsJson(BroadcastOptions? options) => options is null
        ? new BroadcastOptions { IsJson = true }
        : new BroadcastOptions { Room = options.Room, Audience = options.Audience, Store = options.Store, IsJson = true };
}
