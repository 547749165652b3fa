using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace ChatRoom.Tests.Client;

/// <summary>The server's end of a connection of the browser client.</summary>
internal sealed class ScriptedConnection(HttpContext context, WebSocket socket)
{
    private readonly Channel<JsonElement> _received = Channel.CreateUnbounded<JsonElement>();
    private readonly Channel<JsonElement> _pongs = Channel.CreateUnbounded<JsonElement>();
    private readonly TaskCompletionSource<int?> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource? _closing;

    /// <summary>The positions from which the client resumes.</summary>
    public IReadOnlyList<string?> After => [.. context.Request.Query["after"]];

    /// <summary>Whether the client announces resume frames for further rooms.</summary>
    public bool ResumesByFrame => context.Request.Query["resume"] == "frame";

    /// <summary>The other query parameters of the client's URL.</summary>
    public string? Query(string name) => context.Request.Query[name];

    /// <summary>The subprotocols that the client offers.</summary>
    public IList<string> Offered => context.WebSockets.WebSocketRequestedProtocols;

    /// <summary>Ends when the client has closed the connection, with its code; null if it has sent none.</summary>
    public Task<int?> Closed => _closed.Task.Soon();

    /// <param name="ping">The ping time in seconds.</param>
    /// <param name="limit">The size limit of frames in bytes.</param>
    /// <param name="user">The user id; null for an anonymous client.</param>
    /// <param name="expires">In how many seconds the credentials expire; null for never.</param>
    public Task WelcomeAsync(double ping = 20, int limit = 65536, string? user = "ann", int? expires = null)
    {
        var more = (user is null ? "" : $"\"user\":\"{user}\",") + (expires is null ? "" : $"\"expires\":{expires},");
        return SendAsync($$"""{"type":"welcome","connection":"c","room":"lobby",{{more}}"ping":{{ping}},"limit":{{limit}}}""");
    }

    public Task SendLiveAsync(string position, string room = "lobby") =>
        SendAsync($$"""{"type":"live","room":"{{room}}","position":"{{position}}","recovered":true}""");

    public Task SendMessageAsync(string position, string data, string room = "lobby") =>
        SendAsync($$"""{"type":"message","room":"{{room}}","position":"{{position}}","from":"bob","at":"2026-11-22T18:00:00.123Z","data":"{{data}}"}""");

    public Task AcknowledgeAsync(string reference, string position) =>
        SendAsync($$"""{"type":"ack","ref":"{{reference}}","room":"lobby","position":"{{position}}"}""");

    public Task RefuseAsync(string reference, string code) =>
        SendAsync($$"""{"type":"error","ref":"{{reference}}","code":"{{code}}","text":"It is {{code}}."}""");

    public Task SendAsync(string text) => SendAsync(WebSocketMessageType.Text, Encoding.UTF8.GetBytes(text));

    public Task SendAsync(WebSocketMessageType type, byte[] data) =>
        socket.SendAsync(data, type, endOfMessage: true, CancellationToken.None).Soon();

    /// <summary>Returns the next frame of the client that is not a pong.</summary>
    public Task<JsonElement> ReceiveAsync() => _received.Reader.ReadAsync().AsTask().Soon();

    /// <summary>Returns the next frame of the client, which must be a message.</summary>
    public async Task<(string Ref, string? Data)> ReceiveMessageAsync()
    {
        var frame = await ReceiveAsync();
        Assert.Equal("message", frame.GetProperty("type").GetString());
        return (frame.GetProperty("ref").GetString()!, frame.GetProperty("data").GetString());
    }

    /// <summary>Returns the next frame of the client, which must be of a type, without its ref.</summary>
    public async Task<(string Ref, string Content)> ReceiveAsync(string type)
    {
        var frame = await ReceiveAsync();
        Assert.Equal(type, frame.GetProperty("type").GetString());
        var content = frame.EnumerateObject().Where(static member => member.Name is not ("type" or "ref"));
        return (
            frame.TryGetProperty("ref", out var reference) ? reference.GetString()! : "",
            $"{{{string.Join(',', content.Select(static member => $"\"{member.Name}\":{member.Value.GetRawText()}"))}}}");
    }

    /// <summary>Receives the next frame of the client, which must be a join of a room, and acknowledges it. Returns when the client has read that.</summary>
    public async Task AcceptJoinAsync(string room, string? after = null)
    {
        var (reference, content) = await ReceiveAsync("join");
        Assert.Equal(after is null ? $$"""{"room":"{{room}}"}""" : $$"""{"room":"{{room}}","after":"{{after}}"}""", content);
        await SendAsync($$"""{"type":"ack","ref":"{{reference}}","room":"{{room}}"}""");
        await PingAsync();
    }

    /// <summary>Waits until the client has read everything, by sending a ping.</summary>
    public async Task PingAsync()
    {
        await SendAsync("""{"type":"ping"}""");
        await _pongs.Reader.ReadAsync().AsTask().Soon();
    }

    /// <summary>Asserts that there are no more frames of the client.</summary>
    public async Task HasSentNothingAsync()
    {
        await PingAsync();
        Assert.False(_received.Reader.TryRead(out var frame), frame.ToString());
    }

    public async Task CloseAsync(int code, string reason = "")
    {
        var closing = new TaskCompletionSource();
        _closing = closing;
        try
        {
            await socket.CloseOutputAsync((WebSocketCloseStatus)code, reason, CancellationToken.None).Soon();
        }
        finally
        {
            closing.SetResult();
        }
    }

    /// <summary>Aborts the connection, without a close frame, after the client has read everything.</summary>
    public async Task AbortAsync()
    {
        await PingAsync();
        context.Abort();
    }

    public async Task ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await socket.ReceiveAsync(buffer, CancellationToken.None) is { MessageType: not WebSocketMessageType.Close } frame)
            {
                var received = JsonDocument.Parse(Encoding.UTF8.GetString(buffer, 0, frame.Count)).RootElement;
                var isPong = received.GetProperty("type").GetString() == "pong";
                (isPong ? _pongs : _received).Writer.TryWrite(received);
            }
        }
        catch (WebSocketException)
        {
            // The client or the test has aborted the connection.
        }
        catch (OperationCanceledException)
        {
            // As above.
        }

        _closed.TrySetResult((int?)socket.CloseStatus);

        // The client may answer a close frame before it is completely sent. The request must not end before.
        await (_closing?.Task ?? Task.CompletedTask);
    }
}
