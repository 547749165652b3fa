using System.Net.WebSockets;
using ChatKit.Connections;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Connections;

/// <summary>A connection needs no more of its transport than messages: nothing here has frames, pings of its own, or a closing handshake.</summary>
public sealed class ClientTransportTests : IAsyncDisposable
{
    private readonly ChatHost _host = new();
    private readonly MessageTransport _transport = new();
    private readonly ScriptedHandler _handler = new() { Message = static (self, message) => self.Broadcast(message.Text) };

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_connection_handles_and_receives_messages_over_any_transport()
    {
        var run = RunAsync();
        _transport.Send("hello");

        Assert.Equal("hello", await _transport.NextAsync().Soon());

        _transport.End();
        await run.Soon();
        Assert.True((await _handler.Closed.Soon()).WasClean);
        Assert.True(_transport.IsReleased);
    }

    [Fact]
    public async Task A_close_by_the_server_reaches_the_transport_with_code_and_reason()
    {
        var run = RunAsync(new ScriptedHandler { Message = static (self, _) => self.CloseConnection(4001, "bye") });
        _transport.Send("close");

        await run.Soon();

        Assert.Equal(((WebSocketCloseStatus)4001, "bye"), (_transport.Close!.Code, _transport.Close.Reason));
    }

    [Fact]
    public async Task A_lost_transport_ends_the_connection_with_the_exception()
    {
        var lost = new IOException("gone");
        var run = RunAsync();
        _transport.End(lost);

        await run.Soon();

        Assert.Equal((CloseInfo.Abnormal, lost), ((await _handler.Closed.Soon()).Code, (await _handler.Closed).Exception));
    }

    [Fact]
    public async Task A_silent_client_is_pinged_by_its_transport()
    {
        var run = RunAsync();
        await Patience.UntilAsync(() => _handler.Calls.Contains("open"), "the handler is open");

        _host.Clock.Advance(new WebSocketConnectionOptions().PingInterval);

        Assert.Equal(1, _transport.Pings);
        _transport.End();
        await run.Soon();
    }

    [Fact]
    public async Task A_client_beyond_its_rate_is_closed_over_any_transport()
    {
        var handler = new ScriptedHandler { Message = static (self, message) => self.Send(message.Text) };
        var run = RunAsync(handler, new() { MaxMessagesPerSecond = 1, MaxMessageBurst = 2 });
        for (var i = 0; i < 3; i++)
            _transport.Send($"{i}");

        Assert.Equal("0", await _transport.NextAsync().Soon());
        Assert.Equal("1", await _transport.NextAsync().Soon());
        await run.Soon();

        Assert.Equal(WebSocketCloseStatus.PolicyViolation, _transport.Close!.Code);
    }

    private Task RunAsync(ScriptedHandler? handler = null, WebSocketConnectionOptions? options = null)
    {
        var info = new WebSocketConnectionInfo { Room = "lobby", Abort = () => _transport.End() };
        var services = _host.Services.GetRequiredService<ConnectionServices>();
        return new ConnectionRunner(_transport, info, options ?? new(), services).RunAsync(_ => handler ?? _handler);
    }
}
