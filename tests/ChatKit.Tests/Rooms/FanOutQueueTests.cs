using System.Collections.Concurrent;
using System.Net.WebSockets;
using ChatKit.Rooms;
using ChatKit.Rooms.Events;
using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Rooms;

public sealed class FanOutQueueTests : IDelivery, IDisposable
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _goOn = new();
    private readonly ConcurrentQueue<string> _signals = new();
    private int _added;

    public void Dispose() => _goOn.Dispose();

    [Fact]
    public async Task The_end_of_a_delivery_in_progress_can_be_awaited()
    {
        var queue = new FanOutQueue(_gate, this);
        Assert.True(queue.WaitForDeliveryAsync().IsCompleted);
        lock (_gate)
            queue.Add(new RoomItem(new ChatMessage(WebSocketMessageType.Text, "hi"u8.ToArray(), DateTimeOffset.UnixEpoch)));
        await _began.Task.Soon();

        var ended = queue.WaitForDeliveryAsync();
        Assert.False(ended.IsCompleted);
        _goOn.Set();

        await ended.Soon();
        Assert.True(queue.WaitForDeliveryAsync().IsCompleted);
    }

    [Fact]
    public async Task Of_the_signals_that_wait_the_latest_of_each_sender_and_name_is_delivered()
    {
        var queue = new FanOutQueue(_gate, this);
        lock (_gate)
            queue.Add(new RoomItem(new ChatMessage(WebSocketMessageType.Text, "hi"u8.ToArray(), DateTimeOffset.UnixEpoch)));
        await _began.Task.Soon();

        lock (_gate)
        {
            foreach (var (connection, name) in new[] { ("a", "typing"), ("b", "typing"), ("a", "here"), ("a", "typing") })
                queue.AddSignal(new SignalKey("r", connection, name), new RoomItem(new SignalEvent(name, $"{connection} {name} {_added++}")));
        }

        _goOn.Set();
        await Patience.UntilAsync(() => _signals.Count >= 3, "the signals are delivered");
        Assert.Equal(["a here 2", "a typing 3", "b typing 1"], _signals.Order());
    }

    ValueTask IDelivery.DeliverAsync(List<RoomItem> batch, long number)
    {
        _began.SetResult();
        _goOn.Wait(TimeSpan.FromSeconds(20));
        return ValueTask.CompletedTask;
    }

    ValueTask IDelivery.DeliverSignalsAsync(IReadOnlyDictionary<SignalKey, RoomItem> signals)
    {
        foreach (var (_, item) in signals)
            _signals.Enqueue(((SignalEvent)item.Event!).Data!);
        return ValueTask.CompletedTask;
    }
}
