using System.Net.WebSockets;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>A client of an <see cref="EchoServer"/>, and what has happened to its handler there.</summary>
internal sealed class EchoClient(RawClient raw, Script script) : IDisposable
{
    public RawClient Raw => raw;

    /// <summary>The server's end of the connection.</summary>
    public Task<WebSocketConnection> Connection => script.Opened;

    public int MessagesHandled => script.Calls.Count(static call => call == "message");

    /// <summary>Sends in one go.</summary>
    public Task SendAsync(params byte[][] frames) =>
        raw.SendAsync(frames.Length == 1 ? frames[0] : frames.SelectMany(static f => f).ToArray());

    /// <summary>Sends in writes of so many bytes.</summary>
    public async Task SendInPiecesAsync(byte[] bytes, int size)
    {
        for (var i = 0; i < bytes.Length; i += size)
            await raw.SendAsync(bytes.AsMemory(i, Math.Min(size, bytes.Length - i)));
    }

    /// <summary>The next frame is this one.</summary>
    public async Task ExpectAsync(int opcode, byte[] payload)
    {
        var frame = await raw.ReceiveFrameAsync();
        Assert.Equal(opcode, frame.Opcode);
        Assert.Equal(payload, frame.Payload);
    }

    /// <summary>Nothing was wrong with what was sent: the connection is as good as new.</summary>
    public async Task ExpectAliveAsync()
    {
        await SendAsync(ClientFrame.Of(ClientFrame.Text, "alive"));
        await ExpectAsync(ClientFrame.Text, "alive"u8.ToArray());
    }

    /// <summary>
    /// The next frame says that the client is at fault. It arrives, whatever the client has sent behind its fault; then the server
    /// ends the connection, and the handler knows why.
    /// </summary>
    public async Task ExpectFaultAsync(int code)
    {
        Assert.Equal(code, await raw.ReceiveCloseAsync());
        await raw.FinishAsync();
        var close = await ClosedAsync();
        Assert.Equal((code, false), ((int)close.Code, close.WasClean));
        if (code != (int)WebSocketCloseStatus.MessageTooBig)
            Assert.IsType<WebSocketException>(close.Exception);
    }

    /// <summary>
    /// The next frame answers the client's close frame. Then the server ends the connection, without waiting for the client.
    /// </summary>
    public async Task ExpectCloseAsync(int code, string? reason = null)
    {
        Assert.Equal(code, await raw.ReceiveCloseAsync());
        await raw.ExpectEndAsync();
        Assert.Equal(new CloseInfo((WebSocketCloseStatus)code, reason, WasClean: true), await ClosedAsync());
    }

    /// <summary>How the connection has ended. The handler was told exactly once.</summary>
    public async Task<CloseInfo> ClosedAsync()
    {
        var close = await script.Closed;
        Assert.Single(script.Calls, static call => call == "close");
        return close;
    }

    public void Dispose() => raw.Dispose();
}
