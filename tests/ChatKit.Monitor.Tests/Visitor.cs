using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace ChatKit.Monitor.Tests;

/// <summary>A client that speaks chatkit.v1 and stays disconnected when it is closed.</summary>
internal sealed class Visitor : IDisposable
{
    private readonly ClientWebSocket _socket = new();

    /// <summary>The id of the connection.</summary>
    public string Id { get; private set; } = "";

    public static async Task<Visitor> ConnectAsync(Uri server, string? user, string room)
    {
        var visitor = new Visitor();
        visitor._socket.Options.AddSubProtocol(ChatKitSubprotocol.V1);
        if (user is not null)
            visitor._socket.Options.SetRequestHeader("User", user);
        var address = new UriBuilder(server) { Scheme = "ws", Path = $"/chat/{Uri.EscapeDataString(room)}" }.Uri;
        await visitor._socket.ConnectAsync(address, TestContext.Current.CancellationToken).Soon();
        visitor.Id = (await visitor.ReceiveAsync("welcome")).GetProperty("connection").GetString()!;
        await visitor.ReceiveAsync("live");
        return visitor;
    }

    public Task SendAsync(string text) => SendFrameAsync(new { type = "message", @ref = Guid.NewGuid().ToString("n"), data = text });

    public async Task JoinAsync(string room)
    {
        await SendFrameAsync(new { type = "join", @ref = Guid.NewGuid().ToString("n"), room });
        await ReceiveAsync("live");
    }

    /// <summary>Returns the next frame of a type.</summary>
    public async Task<JsonElement> ReceiveAsync(string type)
    {
        while (await _socket.ReceiveMessageAsync() is { } message)
        {
            var frame = JsonDocument.Parse(message.Data).RootElement;
            if (frame.GetProperty("type").GetString() == type)
                return frame;
        }

        throw new InvalidOperationException($"Closed with {_socket.CloseStatus} before a frame of the type {type}.");
    }

    /// <summary>Waits until the server closes the connection, and answers.</summary>
    public async Task<(WebSocketCloseStatus? Status, string? Reason)> CloseAsync()
    {
        while (await _socket.ReceiveMessageAsync() is not null)
        {
        }

        var close = (_socket.CloseStatus, _socket.CloseStatusDescription);
        await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Soon();
        return close;
    }

    public void Dispose() => _socket.Dispose();

    private Task SendFrameAsync(object frame) => _socket
        .SendAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(frame)), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None)
        .Soon();
}
