using System.Net.WebSockets;
using System.Text;
using ChatKit.Backplane;
using ChatKit.History;
using ChatKit.TestKit.Contracts;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Moq;

namespace ChatKit.Tests.Backplane;

public class InProcessBackplaneTests : BackplaneContractTests
{
    private readonly InMemoryMessageHistory _history = new(
        Options.Create(new ChatKitOptions()), TimeProvider.System, NullLogger<InMemoryMessageHistory>.Instance);

    protected override Task<(IBackplane One, IBackplane Other, IMessageHistory History)> CreateAsync()
    {
        var backplane = new InProcessBackplane(_history);
        return Task.FromResult<(IBackplane, IBackplane, IMessageHistory)>((backplane, backplane, _history));
    }

    protected override Task<(IBackplane One, IBackplane Other)> CreateFailingAsync()
    {
        var backplane = new InProcessBackplane(new FaultyHistory(_history) { Down = true }.Object);
        return Task.FromResult<(IBackplane, IBackplane)>((backplane, backplane));
    }

    [Fact]
    public async Task Publishing_succeeds_again_after_a_failure()
    {
        var history = new FaultyHistory(_history) { Down = true };
        var backplane = new InProcessBackplane(history.Object);
        var subscriber = new RecordingSubscriber();
        await using var subscription = await backplane.SubscribeAsync("r", subscriber, default);
        await Assert.ThrowsAsync<HistoryUnavailableException>(() => backplane.PublishAsync("r", new(default, default, default), null, default).AsTask());
        history.Down = false;

        await backplane.PublishAsync("r", new(default, "x"u8.ToArray(), default), null, default).AsTask().Soon();

        Assert.Equal(["x"], subscriber.Texts);
    }

    [Fact]
    public async Task A_history_that_stores_another_message_than_it_is_given_does_not_change_what_is_delivered()
    {
        var history = new Mock<IMessageHistory>();
        history.Setup(static h => h.AppendAsync("r", It.IsAny<ChatMessage>(), It.IsAny<int?>(), It.IsAny<CancellationToken>()))
            .Returns((string room, ChatMessage message, int? capacity, CancellationToken cancellationToken) =>
                _history.AppendAsync(room, Message($"encrypted {message.Text}"), capacity, cancellationToken));
        var backplane = new InProcessBackplane(history.Object);
        var subscriber = new RecordingSubscriber();
        await using var subscription = await backplane.SubscribeAsync("r", subscriber, default);

        await backplane.PublishAsync("r", Message("x"), null, default);

        Assert.Equal(["x"], subscriber.Texts);
    }

    [Fact]
    public async Task A_subscriber_that_subscribes_while_a_message_is_being_stored_receives_it()
    {
        var store = new TaskCompletionSource<AppendResult>();
        var backplane = new InProcessBackplane(Slow(_ => new ValueTask<AppendResult>(store.Task)));
        var publishing = backplane.PublishAsync("room", Message("1"), null, default).AsTask();

        var subscriber = new RecordingSubscriber();
        await backplane.SubscribeAsync("room", subscriber, default);
        store.SetResult(new AppendResult(new MessagePosition("e", 1), true));
        await publishing.Soon();

        await Patience.UntilAsync(() => subscriber.Texts.SequenceEqual(["1"]), "the message is delivered");
    }

    [Fact]
    public async Task Concurrent_publishes_do_not_wait_for_each_other_and_keep_their_order()
    {
        var answers = Enumerable.Range(0, 3).Select(static _ => new TaskCompletionSource<AppendResult>()).ToArray();
        var asked = 0;
        var backplane = new InProcessBackplane(Slow(_ => new ValueTask<AppendResult>(answers[asked++].Task)));
        var subscriber = new RecordingSubscriber();
        await backplane.SubscribeAsync("room", subscriber, default);

        var publishing = Enumerable.Range(1, 3).Select(i => backplane.PublishAsync("room", Message($"{i}"), null, default).AsTask()).ToArray();
        Assert.Equal(3, asked);
        answers[2].SetResult(new AppendResult(new MessagePosition("e", 2), true));
        answers[1].SetException(new HistoryUnavailableException());
        await Assert.ThrowsAsync<HistoryUnavailableException>(() => publishing[1].Soon());
        Assert.Empty(subscriber.Texts);
        answers[0].SetResult(new AppendResult(new MessagePosition("e", 1), true));

        await Task.WhenAll(publishing[0], publishing[2]).Soon();
        Assert.Equal(["1", "3"], subscriber.Texts);
    }

    private static ChatMessage Message(string text) => new(WebSocketMessageType.Text, Encoding.UTF8.GetBytes(text), default);

    private static IMessageHistory Slow(Func<ChatMessage, ValueTask<AppendResult>> append)
    {
        var history = new Mock<IMessageHistory>();
        history
            .Setup(static h => h.AppendAsync(It.IsAny<string>(), It.IsAny<ChatMessage>(), It.IsAny<int?>(), It.IsAny<CancellationToken>()))
            .Returns((string _, ChatMessage message, int? _, CancellationToken _) => append(message));
        return history.Object;
    }
}
