using System.Globalization;
using System.Text.Json.Nodes;

namespace ChatKit.Testing;

/// <content>What the client sends.</content>
public sealed partial class ChatTestClient
{
    /// <summary>Sends a text, and waits for the server's answer. A client without a subprotocol doesn't wait.</summary>
    /// <param name="text">The text.</param>
    /// <param name="room">The room; null for the home room.</param>
    /// <param name="reference">
    /// The <c>ref</c>, to send the same message again; null for a new one. A message that is sent again with the same ref is stored once.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The position of the message that the handler has stored; null if it has stored none.</returns>
    /// <exception cref="ChatRefusedException">The server has answered with an error.</exception>
    /// <exception cref="ChatTestException">The connection has ended.</exception>
    /// <exception cref="TimeoutException">The server hasn't answered in time.</exception>
    public async Task<MessagePosition?> SendAsync(
        string text, string? room = null, string? reference = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!SpeaksV1)
        {
            await SendFrameAsync(text, cancellationToken).ConfigureAwait(false);
            return null;
        }

        var answer = await RequestAsync(Frame("message", room, ("data", text), ("ref", reference)), cancellationToken).ConfigureAwait(false);
        return answer.Position;
    }

    /// <summary>Sends a JSON value, and waits for the server's answer.</summary>
    /// <param name="json">The JSON.</param>
    /// <param name="room">The room; null for the home room.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The position of the message that the handler has stored; null if it has stored none.</returns>
    /// <exception cref="ChatRefusedException">The server has answered with an error.</exception>
    public async Task<MessagePosition?> SendJsonAsync(string json, string? room = null, CancellationToken cancellationToken = default)
    {
        var frame = Frame("message", room);
        frame["json"] = JsonNode.Parse(json);
        return (await RequestAsync(frame, cancellationToken).ConfigureAwait(false)).Position;
    }

    /// <summary>Asks to edit a message, and waits for the server's answer.</summary>
    /// <param name="position">The message's position.</param>
    /// <param name="text">The new text.</param>
    /// <param name="room">The room; null for the home room.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ChatRefusedException">The server has answered with an error.</exception>
    public Task EditAsync(MessagePosition position, string text, string? room = null, CancellationToken cancellationToken = default) =>
        RequestAsync(Frame("edit", room, ("position", position.ToString()), ("data", text)), cancellationToken);

    /// <summary>Asks to delete a message, and waits for the server's answer.</summary>
    /// <param name="position">The message's position.</param>
    /// <param name="room">The room; null for the home room.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ChatRefusedException">The server has answered with an error.</exception>
    public Task DeleteAsync(MessagePosition position, string? room = null, CancellationToken cancellationToken = default) =>
        RequestAsync(Frame("delete", room, ("position", position.ToString())), cancellationToken);

    /// <summary>Sends a signal. The server answers only if it refuses it, with a frame <c>error</c>.</summary>
    /// <param name="name">The signal's name.</param>
    /// <param name="data">The signal's data; null for none.</param>
    /// <param name="room">The room; null for the home room.</param>
    /// <param name="cancellationToken">Cancels sending.</param>
    public Task SignalAsync(string name, string? data = null, string? room = null, CancellationToken cancellationToken = default) =>
        SendFrameAsync(Frame("signal", room, ("name", name), ("data", data)).ToJsonString(), cancellationToken);

    /// <summary>
    /// Joins a room, on an endpoint with <see cref="WebSocketConnectionOptions.AllowClientJoins"/>. If the client was in the room before, it
    /// states its position. The stored messages follow the answer, and then <c>live</c>.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ChatRefusedException">The server has answered with an error.</exception>
    public Task JoinAsync(string room, CancellationToken cancellationToken = default) =>
        RequestAsync(Frame("join", room, ("after", _positions.Find(room))), cancellationToken);

    /// <summary>Leaves a room, on an endpoint with <see cref="WebSocketConnectionOptions.AllowClientJoins"/>.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ChatRefusedException">The server has answered with an error.</exception>
    public Task LeaveAsync(string room, CancellationToken cancellationToken = default) => RequestAsync(Frame("leave", room), cancellationToken);

    /// <summary>Sends any frame that the server answers, and waits for the answer.</summary>
    /// <param name="frame">The frame, as a JSON object. Without a <c>ref</c>, it gets one.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The answer: an <c>ack</c>, or a <c>history</c>.</returns>
    /// <exception cref="ChatRefusedException">The server has answered with an error.</exception>
    /// <exception cref="ChatTestException">The connection has ended.</exception>
    /// <exception cref="TimeoutException">The server hasn't answered in time.</exception>
    public Task<ChatFrame> RequestAsync(string frame, CancellationToken cancellationToken = default) =>
        RequestAsync(JsonNode.Parse(frame)!.AsObject(), cancellationToken);

    /// <summary>Sends anything as a text frame of RFC 6455, and doesn't wait for an answer.</summary>
    /// <param name="text">A frame of <see cref="ChatKitSubprotocol.V1"/>, a wrong one, or the text of a client without a subprotocol.</param>
    /// <param name="cancellationToken">Cancels sending.</param>
    /// <exception cref="ChatTestException">The connection has ended.</exception>
    public Task SendFrameAsync(string text, CancellationToken cancellationToken = default) => Connection.SendAsync(text, cancellationToken);

    private static JsonObject Frame(string type, string? room, params ReadOnlySpan<(string Name, string? Value)> members)
    {
        var frame = new JsonObject { ["type"] = type };
        if (room is not null)
            frame["room"] = room;
        foreach (var (name, value) in members)
        {
            if (value is not null)
                frame[name] = value;
        }

        return frame;
    }

    private async Task<ChatFrame> RequestAsync(JsonObject frame, CancellationToken cancellationToken)
    {
        if (!SpeaksV1)
            throw new InvalidOperationException($"The client has no subprotocol. Only clients of {ChatKitSubprotocol.V1} can do this.");
        var reference = (string?)frame["ref"] ?? NewRef();
        frame["ref"] = reference;
        var answer = _requests.GetOrAdd(
            reference, static _ => new TaskCompletionSource<ChatFrame>(TaskCreationOptions.RunContinuationsAsynchronously));
        var what = $"the answer to {frame.ToJsonString()}";
        if (!IsOpen)
            throw Ended(what);
        await SendFrameAsync(frame.ToJsonString(), cancellationToken).ConfigureAwait(false);
        var answered = await WaitAsync(what, limit => answer.Task.WaitAsync(limit), cancellationToken).ConfigureAwait(false);
        return answered.Type == "error" ? throw new ChatRefusedException(answered) : answered;
    }

    private string NewRef() => string.Create(CultureInfo.InvariantCulture, $"{_refs}-{Interlocked.Increment(ref _lastRef)}");
}
