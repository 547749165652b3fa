using System.Text.Json.Nodes;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Moq;

namespace ChatKit.Tests.Rooms;

/// <summary>What a handler, or the application, learns of what it has published, and may say of it.</summary>
public class PublishingTests
{
    [Fact]
    public async Task Publishing_returns_the_position_to_the_handler()
    {
        await using var host = new ChatHost();
        var positions = new List<MessagePosition?>();
        var done = new TaskCompletionSource();
        var connection = await host.EnterAsync(handler: new ScriptedHandler
        {
            Message = async (handler, message) =>
            {
                if (message.Text != "hi")
                    return;
                positions.Add(await handler.Publish(message.Text));
                positions.Add(await handler.Publish("bytes"u8.ToArray()));
                positions.Add(await handler.Publish("ephemeral", new BroadcastOptions { Store = false }));
                done.SetResult();
            },
        });
        await connection.Client.SendAsync("hi");
        await done.Task.Soon();

        var page = await host.History.ReadAsync("lobby");
        Assert.Equal([page.Messages[^2].Position, page.Messages[^1].Position, null], positions);
        Assert.Equal(["hi", "bytes"], page.Messages.TakeLast(2).Select(static m => m.Text));
    }

    [Fact]
    public async Task Broadcasting_returns_the_position_to_the_application()
    {
        await using var host = new ChatHost();

        var text = await host.Broadcaster.BroadcastAsync("lobby", "text");
        var bytes = await host.Broadcaster.BroadcastAsync("lobby", "bytes"u8.ToArray());
        var ephemeral = await host.Broadcaster.BroadcastAsync("lobby", "ephemeral", new RoomBroadcastOptions { Store = false });

        Assert.Null(ephemeral);
        Assert.Equal([text, bytes], (await host.History.ReadAsync("lobby")).Messages.Select(static m => m.Position));
    }

    [Theory]
    [InlineData("PublishAsync of a text")]
    [InlineData("PublishAsync of bytes")]
    [InlineData("BroadcastAsync of a text")]
    [InlineData("BroadcastAsync of bytes")]
    public async Task The_backplane_gets_the_token_of_a_handler_that_publishes(string method)
    {
        var tokens = new List<CancellationToken>();
        var backplane = new Mock<IBackplane>();
        backplane
            .Setup(static b => b.SubscribeAsync(It.IsAny<string>(), It.IsAny<IBackplaneSubscriber>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync(Mock.Of<IAsyncDisposable>());
        backplane
            .Setup(static b => b.PublishAsync(It.IsAny<string>(), It.IsAny<ChatMessage>(), It.IsAny<int?>(), It.IsAny<CancellationToken>()))
            .Returns(async (string _, ChatMessage _, int? _, CancellationToken cancellationToken) =>
            {
                tokens.Add(cancellationToken);
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return null;
            });
        await using var host = new ChatHost(services: services => services.AddSingleton(backplane.Object));
        var handler = (await host.EnterAsync()).Handler;
        using var cancel = new CancellationTokenSource();

        var publishing = Publish(handler, method, null, cancel.Token);
        Assert.False(publishing.IsCompleted);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(publishing.Soon);
        Assert.Equal([cancel.Token], tokens);
    }

    [Theory]
    [InlineData("PublishAsync of a text")]
    [InlineData("PublishAsync of bytes")]
    [InlineData("BroadcastAsync of a text")]
    [InlineData("BroadcastAsync of bytes")]
    public async Task A_handler_publishes_nothing_with_a_canceled_token(string method)
    {
        await using var host = new ChatHost();
        var connection = await host.EnterAsync();
        var canceled = new CancellationToken(canceled: true);

        foreach (var options in new[] { null, new BroadcastOptions { Store = false } })
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Publish(connection.Handler, method, options, canceled));

        await connection.Handler.Broadcast("end");
        Assert.Equal("end", await connection.Client.ReceiveTextAsync());
        Assert.Equal(["end"], (await host.History.ReadAsync("lobby")).Messages.Select(static m => m.Text));
    }

    [Fact]
    public async Task The_application_can_set_the_sender_of_a_message()
    {
        await using var host = new ChatHost();
        var (client, _) = await host.EnterV1Async();

        await host.Broadcaster.BroadcastAsync("lobby", "hi", new RoomBroadcastOptions { From = "anna" });

        Assert.Equal("anna", (string?)(await client.Client.ReceiveJsonAsync())["from"]);
        Assert.Equal("anna", Assert.Single((await host.History.ReadAsync("lobby")).Messages).From);
    }

    [Fact]
    public async Task A_message_broadcast_twice_with_the_same_idempotency_key_is_stored_and_delivered_once()
    {
        await using var host = new ChatHost();
        var client = await host.EnterAsync();
        var once = new RoomBroadcastOptions { IdempotencyKey = "notice-1" };

        var first = await host.Broadcaster.BroadcastAsync("lobby", "notice", once);
        var second = await host.Broadcaster.BroadcastAsync("lobby", "notice", once);
        await host.Broadcaster.BroadcastAsync("lobby", "end");

        Assert.Equal(first, second);
        Assert.Equal(["notice", "end"], await client.Client.ReceiveTextsAsync(2));
        Assert.Equal(2, (await host.History.ReadAsync("lobby")).Messages.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    public async Task An_idempotency_key_that_is_empty_or_too_long_is_rejected_with_its_length(int length)
    {
        await using var host = new ChatHost();
        var options = new RoomBroadcastOptions { IdempotencyKey = new string('k', length) };

        var failure = await Assert.ThrowsAsync<ArgumentException>(async () => await host.Broadcaster.BroadcastAsync("lobby", "x", options));

        Assert.Contains($"1 to 255 characters; this one has {length}", failure.Message);
        Assert.Empty((await host.History.ReadAsync("lobby")).Messages);
    }

    [Fact]
    public async Task An_idempotency_key_of_the_application_never_collides_with_one_of_a_client()
    {
        await using var host = new ChatHost();
        var (client, _) = await host.EnterV1Async(new ScriptedHandler { Message = static (handler, message) => handler.Broadcast(message.Text) });
        await client.Client.SendAsync("""{"type":"message","data":"from a client","ref":"app:x"}""");
        await client.Client.ReceiveJsonUntilAsync("ack");

        await host.Broadcaster.BroadcastAsync("lobby", "from the application", new RoomBroadcastOptions { IdempotencyKey = "x" });
        await host.Broadcaster.BroadcastAsync("lobby", "again", new RoomBroadcastOptions { IdempotencyKey = "0::app:x:1" });

        Assert.Equal(3, (await host.History.ReadAsync("lobby")).Messages.Count);
    }

    [Fact]
    public async Task A_v1_client_whose_message_is_refused_gets_the_reason_and_stays_connected()
    {
        await using var host = new ChatHost();
        var (client, _) = await host.EnterV1Async(new ScriptedHandler
        {
            Message = static (handler, message) => message.Text == "rude"
                ? throw new MessageRefusedException("muted", "You are muted until noon.")
                : handler.Broadcast(message.Text),
        });

        await client.Client.SendAsync("""{"type":"message","data":"rude","ref":"a-1"}""");
        Assert.Equal(
            """{"type":"error","ref":"a-1","code":"muted","text":"You are muted until noon."}""", await client.Client.ReceiveTextAsync());
        await client.Client.SendAsync("""{"type":"message","data":"rude"}""");
        Assert.Equal("""{"type":"error","code":"muted","text":"You are muted until noon."}""", await client.Client.ReceiveTextAsync());
        await client.Client.SendAsync("""{"type":"message","data":"polite","ref":"a-2"}""");

        Assert.Contains("ack", (await client.Client.ReceiveJsonAsync(2)).Shorten());
        Assert.Equal(["polite"], (await host.History.ReadAsync("lobby")).Messages.Select(static m => m.Text));
        Assert.Contains(host.Logs.GetSnapshot(), static record => record.Id.Id == 107);
    }

    [Fact]
    public async Task A_plain_client_whose_message_is_refused_receives_nothing_and_stays_connected()
    {
        await using var host = new ChatHost();
        var client = await host.EnterAsync(handler: new ScriptedHandler
        {
            Message = static (handler, message) => message.Text switch
            {
                "rude" => throw new MessageRefusedException("muted", "x"),
                "polite" => handler.Send(message.Text),
                _ => ValueTask.CompletedTask,
            },
        });

        await client.Client.SendAsync("rude");
        await client.Client.SendAsync("polite");

        Assert.Equal("polite", await client.Client.ReceiveTextAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("Muted")]
    [InlineData("is muted")]
    [InlineData("unavailable")]
    [InlineData("rate_limited")]
    [InlineData("a23456789a23456789a23456789a23456789a23456789a23456789a23456789a2345")]
    public void An_error_code_that_clients_could_misunderstand_is_rejected(string code) =>
        Assert.Equal("code", Assert.Throws<ArgumentException>(() => new MessageRefusedException(code, "text")).ParamName);

    [Fact]
    public async Task A_scope_for_one_message_has_its_own_services()
    {
        await using var host = new ChatHost(services: static services => services.AddScoped<Disposable>());
        var used = new List<Disposable>();
        var client = await host.EnterAsync(handler: new ScriptedHandler
        {
            Message = async (handler, message) =>
            {
                if (message.Text == "knock")
                    return;
                await using (var scope = handler.NewScope())
                    used.Add(scope.ServiceProvider.GetRequiredService<Disposable>());
                await handler.Send($"{handler.Connection.Services.GetRequiredService<Disposable>().IsDisposed}");
            },
        });
        await client.Client.SendAsync("1");
        await client.Client.SendAsync("2");

        Assert.Equal(["False", "False"], await client.Client.ReceiveTextsAsync(2));
        Assert.Equal(2, used.Distinct().Count());
        Assert.All(used, static one => Assert.True(one.IsDisposed));
    }

    private static Task Publish(ScriptedHandler handler, string method, BroadcastOptions? options, CancellationToken cancellationToken) =>
        method switch
        {
            "PublishAsync of a text" => handler.Publish("hi", options, cancellationToken).AsTask(),
            "PublishAsync of bytes" => handler.Publish("hi"u8.ToArray(), options, cancellationToken).AsTask(),
            "BroadcastAsync of a text" => handler.Broadcast("hi", options, cancellationToken).AsTask(),
            _ => handler.Broadcast("hi"u8.ToArray(), options, cancellationToken).AsTask(),
        };

    private sealed class Disposable : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
