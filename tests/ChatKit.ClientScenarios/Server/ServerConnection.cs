using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace ChatKit.ClientScenarios.Server;

/// <summary>The server's end of a WebSocket.</summary>
internal sealed class ServerConnection(Arrival handshake, WebSocket socket)
{
    private readonly Channel<JsonElement> _received = Channel.CreateUnbounded<JsonElement>();
    private readonly Channel<JsonElement> _pongs = Channel.CreateUnbounded<JsonElement>();
    private readonly TaskCompletionSource<int?> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Task _closing = Task.CompletedTask;

    /// <summary>The request that has opened the connection.</summary>
    public Arrival Handshake => handshake;

    public bool IsOpen => !_closed.Task.IsCompleted;

    /// <summary>Waits until the client has ended the connection. Returns its close code; null if there was none.</summary>
    public Task<int?> ClosedAsync() => _closed.Task.InTime("the client ends the connection");

    public Task SendAsync(string frame) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None)
            .InTime("the client reads");

    public async Task SendAsync(params string[] frames)
    {
        foreach (var frame in frames)
            await SendAsync(frame);
    }

    /// <summary>Returns the next frame of the client that isn't a pong.</summary>
    public async Task<JsonElement> ReceiveAsync()
    {
        try
        {
            return await _received.Reader.ReadAsync().AsTask().InTime("the client sends a frame");
        }
        catch (ChannelClosedException e)
        {
            throw new InvalidOperationException("The client has ended the connection instead of sending a frame.", e);
        }
    }

    /// <summary>Returns the next frame of the client, which must have a type and, perhaps, this text as its data.</summary>
    public async Task<JsonElement> ReceiveAsync(string type, string? data = null)
    {
        var frame = await ReceiveAsync();
        Assert.Equal(type, frame.Text("type"));
        if (data is not null)
            Assert.Equal(data, frame.Text("data"));
        return frame;
    }

    /// <summary>Receives messages, edits and deletions with these texts. Returns their refs.</summary>
    public async Task<string[]> ReceiveAllAsync(params string[] data)
    {
        var refs = new List<string>();
        foreach (var text in data)
            refs.Add((await ReceiveAsync("message", text)).Text("ref") ?? "");
        return [.. refs];
    }

    /// <summary>Receives the join of a room, and lets the client in. Returns the position from which it resumes.</summary>
    public async Task<string?> AcceptJoinAsync(string room, string? live = null)
    {
        var join = await ReceiveAsync("join");
        Assert.Equal(room, join.Text("room"));
        await SendAsync(Frames.Ack(join.Text("ref"), room: room));
        if (live is not null)
            await SendAsync(Frames.Live(live, room));
        return join.Text("after");
    }

    /// <summary>Waits until the client has read everything, by sending a ping. Returns what it has sent before its pong.</summary>
    public async Task<IReadOnlyList<JsonElement>> PingAsync()
    {
        await SendAsync(Frames.Ping);
        await _pongs.Reader.ReadAsync().AsTask().InTime("the client answers a ping");
        var frames = new List<JsonElement>();
        while (_received.Reader.TryRead(out var frame))
            frames.Add(frame);
        return frames;
    }

    /// <summary>Asserts that the client has sent nothing else, once it has read everything.</summary>
    public async Task HasSentNothingAsync() => Assert.Empty((await PingAsync()).Select(static frame => frame.GetRawText()));

    /// <summary>Closes the connection, and doesn't wait for the client.</summary>
    public async Task CloseAsync(int code, string reason = "why")
    {
        var closing = socket.CloseOutputAsync((WebSocketCloseStatus)code, reason, CancellationToken.None);
        _closing = closing;
        await closing.InTime("the client reads the close frame");
    }

    /// <summary>Breaks the connection, once the client has read everything.</summary>
    public async Task BreakAsync()
    {
        await PingAsync();
        Abort();
    }

    /// <summary>Breaks the connection.</summary>
    public void Abort()
    {
        handshake.Abort();
        _closed.TrySetResult(null);
        _received.Writer.TryComplete();
    }

    /// <summary>Reads until the connection ends.</summary>
    public async Task ReadAsync()
    {
        var buffer = new byte[16 * 1024];
        using var frame = new MemoryStream();
        try
        {
            while (await socket.ReceiveAsync(buffer, CancellationToken.None) is { MessageType: not WebSocketMessageType.Close } part)
            {
                frame.Write(buffer, 0, part.Count);
                if (!part.EndOfMessage)
                    continue;
                var received = JsonElement.Parse(frame.GetBuffer().AsSpan(0, (int)frame.Length));
                frame.SetLength(0);
                (received.Text("type") == "pong" ? _pongs : _received).Writer.TryWrite(received);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The client or the scenario has aborted the connection.
        }

        // The client may answer a close frame before it is completely sent.
        await _closing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closed.TrySetResult((int?)socket.CloseStatus);
        _received.Writer.TryComplete();
    }
}
