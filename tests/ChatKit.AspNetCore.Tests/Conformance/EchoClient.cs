using System.Net.WebSockets;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>A client of an <see cref="EchoServer"/>, and the events of its handler.</summary>
internal sealed class EchoClient(RawClient raw, Script script) : IDisposable
{
    public RawClient Raw => raw;

    /// <summary>The server's end of the connection.</summary>
    public Task<WebSocketConnection> Connection => script.Opened;

    public int MessagesHandled => script.Calls.Count(static call => call == "message");

    /// <summary>Sends in one write.</summary>
    public Task SendAsync(params byte[][] frames) =>
        raw.SendAsync(frames.Length == 1 ? frames[0] : frames.SelectMany(static f => f).ToArray());

    /// <summary>Sends in writes of this many bytes.</summary>
    public async Task SendInPiecesAsync(byte[] bytes, int size)
    {
        for (var i = 0; i < bytes.Length; i += size)
            await raw.SendAsync(bytes.AsMemory(i, Math.Min(size, bytes.Length - i)));
    }

    /// <summary>Expects this frame next.</summary>
    public async Task ExpectAsync(int opcode, byte[] payload)
    {
        var frame = await raw.ReceiveFrameAsync();
        Assert.Equal(opcode, frame.Opcode);
        Assert.Equal(payload, frame.Payload);
    }

    /// <summary>Expects that the connection still works.</summary>
    public async Task ExpectAliveAsync()
    {
        await SendAsync(ClientFrame.Of(ClientFrame.Text, "alive"));
        await ExpectAsync(ClientFrame.Text, "alive"u8.ToArray());
    }

    /// <summary>
    /// Expects a close frame with the code of the client's fault, regardless of what the client sent after the fault. The server then ends the
    /// connection, and the handler is notified of the reason.
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
    /// Expects the answer to the client's close frame. The server then ends the connection, without waiting for the client.
    /// </summary>
    public async Task ExpectCloseAsync(int code, string? reason = null)
    {
        Assert.Equal(code, await raw.ReceiveCloseAsync());
        await raw.ExpectEndAsync();
        Assert.Equal(new CloseInfo((WebSocketCloseStatus)code, reason, WasClean: true), await ClosedAsync());
    }

    /// <summary>Returns how the connection ended. The handler must have been notified exactly once.</summary>
    public async Task<CloseInfo> ClosedAsync()
    {
        var close = await script.Closed;
        Assert.Single(script.Calls, static call => call == "close");
        return close;
    }

    public void Dispose() => raw.Dispose();
}
