using System.Net.WebSockets;
using System.Text;

namespace ChatKit.AspNetCore.Tests;

/// <summary>The options of a client.</summary>
internal sealed class ClientSettings
{
    public Action<ClientWebSocketOptions>? Options { get; init; }

    /// <summary>Sends the handshake; required for HTTP/2.</summary>
    public HttpMessageInvoker? Invoker { get; init; }

    public static ClientSettings WithHeader(string name, string value) =>
        new() { Options = options => options.SetRequestHeader(name, value) };
}

/// <summary>A client that follows the protocol.</summary>
internal sealed class ChatClient : IAsyncDisposable
{
    private ChatClient(ClientWebSocket socket) => Socket = socket;

    public ClientWebSocket Socket { get; }

    public static async Task<ChatClient> ConnectAsync(Uri address, ClientSettings? settings = null)
    {
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        settings?.Options?.Invoke(socket.Options);
        try
        {
            await socket.ConnectAsync(address, settings?.Invoker, CancellationToken.None).Soon();
            return new ChatClient(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public Task SendAsync(string text) =>
        Socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None).Soon();

    /// <summary>Returns the next message as text.</summary>
    public async Task<string> ReceiveAsync() => Encoding.UTF8.GetString((await ReceiveMessageAsync()).Data);

    public async Task<string[]> ReceiveAsync(int count)
    {
        var texts = new string[count];
        for (var i = 0; i < count; i++)
            texts[i] = await ReceiveAsync();
        return texts;
    }

    public async Task<(WebSocketMessageType Type, byte[] Data)> ReceiveMessageAsync()
    {
        var message = await Socket.ReceiveMessageAsync();
        Assert.True(message is not null, $"closed with {Socket.CloseStatus} {Socket.CloseStatusDescription}");
        return message.Value;
    }

    /// <summary>Reads until the server closes the connection, and answers.</summary>
    public async Task<(WebSocketCloseStatus Code, string Reason)> ReceiveCloseAsync()
    {
        while (await Socket.ReceiveMessageAsync() is not null)
        {
        }

        await Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Soon();
        return (Socket.CloseStatus.GetValueOrDefault(), Socket.CloseStatusDescription ?? "");
    }

    public Task CloseAsync(WebSocketCloseStatus code = WebSocketCloseStatus.NormalClosure, string? reason = null) =>
        Socket.CloseAsync(code, reason, CancellationToken.None).Soon();

    public ValueTask DisposeAsync()
    {
        Socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
