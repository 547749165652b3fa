using System.Net.WebSockets;
using System.Security.Claims;
using ChatKit.Tests.Fixtures;
using Moq;

namespace ChatKit.Tests;

/// <summary>A handler can be tested without a server, with nothing but what is public.</summary>
public class WebSocketHandlerTests
{
    [Fact]
    public async Task A_handler_runs_on_a_custom_connection()
    {
        var connection = new FakeConnection();
        var driver = new WebSocketHandlerDriver(new Shouting(), connection);

        await driver.OpenAsync();
        await driver.ReceiveAsync(new WebSocketMessage("hello"));
        await driver.CloseAsync(new CloseInfo(WebSocketCloseStatus.NormalClosure, null, true));

        Assert.Equal(["send welcome to lobby", "join other", "broadcast HELLO", "leave other", "close 4000 enough"], connection.Done);
    }

    [Fact]
    public async Task A_handler_runs_on_a_mocked_connection()
    {
        var connection = new Mock<WebSocketConnection>();
        var driver = new WebSocketHandlerDriver(new Shouting(), connection.Object);

        await driver.ReceiveAsync(new WebSocketMessage("hello"));

        connection.Verify(static c => c.BroadcastAsync("HELLO", null, default), Times.Once);
    }

    [Fact]
    public async Task A_test_can_call_AuthorizeRoomAsync()
    {
        var connection = new Mock<WebSocketConnection>();
        connection.Setup(static c => c.UserId).Returns("ann");

        var driver = new WebSocketHandlerDriver(new Private(), connection.Object);

        Assert.True(await driver.AuthorizeRoomAsync("of ann"));
        Assert.False(await driver.AuthorizeRoomAsync("of bob"));
        Assert.True(await new WebSocketHandlerDriver(new Quiet(), connection.Object).AuthorizeRoomAsync("of bob"));
    }

    [Fact]
    public async Task Callbacks_that_are_not_overridden_do_nothing()
    {
        var connection = new FakeConnection();
        var driver = new WebSocketHandlerDriver(new Quiet(), connection);

        await driver.OpenAsync();
        await driver.ReceiveAsync(new WebSocketMessage("hello"));
        await driver.CloseAsync(new CloseInfo(WebSocketCloseStatus.NormalClosure, null, true));

        Assert.Empty(connection.Done);
    }

    [Fact]
    public void A_constructor_that_uses_the_connection_throws_with_the_fix_in_the_message() => Assert.Contains(
        "OnOpenAsync", Assert.Throws<InvalidOperationException>(static () => new UsesConnectionInConstructor()).Message);

    [Theory]
    [InlineData(ClaimTypes.NameIdentifier, "id", "id")]
    [InlineData("sub", "subject", "subject")]
    [InlineData(ClaimTypes.Name, "name", null)]
    [InlineData(ClaimTypes.Email, "e@x", null)]
    public void The_user_id_is_the_NameIdentifier_or_sub_claim_and_never_the_name(string claim, string value, string? expected) =>
        Assert.Equal(expected, new FakeConnection(new ClaimsPrincipal(new ClaimsIdentity([new Claim(claim, value)]))).UserId);

    [Fact]
    public async Task A_fake_connection_that_can_broadcast_can_publish_without_a_position()
    {
        var connection = new FakeConnection();
        var handler = new ScriptedHandler();
        _ = new WebSocketHandlerDriver(handler, connection);

        Assert.Null(await handler.Publish("hi"));
        Assert.Null(await handler.Publish("hi"u8.ToArray()));

        Assert.Equal(["broadcast hi", "broadcast bytes"], connection.Done);
        var canceled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => handler.Publish("hi", cancellationToken: canceled).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => handler.Publish("hi"u8.ToArray(), cancellationToken: canceled).AsTask());
    }

    [Fact]
    public void A_fake_connection_without_services_throws_with_the_fix_in_the_message() => Assert.Contains(
        "WebSocketConnection.Services", Assert.Throws<InvalidOperationException>(static () => new FakeConnection().Services).Message);

    [Fact]
    public void Members_that_a_fake_connection_does_not_override_are_empty()
    {
        var connection = new FakeConnection();

        Assert.Null(connection.UserId);
        Assert.Null(connection.Subprotocol);
        Assert.Empty(connection.RouteValues);
        Assert.Empty(connection.Items);
        Assert.False(connection.Aborted.CanBeCanceled);
    }

    private sealed class Shouting : WebSocketHandler
    {
        protected internal override ValueTask OnOpenAsync() => SendAsync($"welcome to {Room}");

        protected internal override async ValueTask OnMessageAsync(WebSocketMessage message)
        {
            await JoinAsync("other");
            await BroadcastAsync(message.Text.ToUpperInvariant());
        }

        protected internal override async ValueTask OnCloseAsync(CloseInfo close)
        {
            await LeaveAsync("other");
            await CloseAsync((WebSocketCloseStatus)4000, "enough");
        }
    }

    private sealed class Private : WebSocketHandler
    {
        protected internal override ValueTask<bool> AuthorizeRoomAsync(string room) => ValueTask.FromResult(room == $"of {Connection.UserId}");

        protected internal override ValueTask OnMessageAsync(WebSocketMessage message) => ValueTask.CompletedTask;
    }

    private sealed class Quiet : WebSocketHandler
    {
        protected internal override ValueTask OnMessageAsync(WebSocketMessage message) => ValueTask.CompletedTask;
    }

    private sealed class UsesConnectionInConstructor : WebSocketHandler
    {
        public UsesConnectionInConstructor() => _ = Connection;

        protected internal override ValueTask OnMessageAsync(WebSocketMessage message) => ValueTask.CompletedTask;
    }

    private sealed class FakeConnection(ClaimsPrincipal? user = null) : WebSocketConnection
    {
        public List<string> Done { get; } = [];

        public override string Id => "fake";

        public override string Room => "lobby";

        public override ClaimsPrincipal User { get; } = user ?? new();

        public override ValueTask SendAsync(string text, CancellationToken cancellationToken = default) => Do($"send {text}", cancellationToken);

        public override ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) =>
            Do("send bytes", cancellationToken);

        public override ValueTask BroadcastAsync(
            string text, BroadcastOptions? options = null, CancellationToken cancellationToken = default) =>
            Do($"broadcast {text}", cancellationToken);

        public override ValueTask BroadcastAsync(
            ReadOnlyMemory<byte> data, BroadcastOptions? options = null, CancellationToken cancellationToken = default) =>
            Do("broadcast bytes", cancellationToken);

        public override ValueTask JoinAsync(string room, CancellationToken cancellationToken = default) => Do($"join {room}", cancellationToken);

        public override ValueTask LeaveAsync(string room) => Do($"leave {room}");

        public override ValueTask CloseAsync(WebSocketCloseStatus status, string? reason = null) => Do($"close {(int)status} {reason}");

        private ValueTask Do(string what, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Done.Add(what);
            return ValueTask.CompletedTask;
        }
    }
}
