using System.Net.WebSockets;
using ChatKit.Rooms;

namespace ChatKit.Tests.Rooms;

public sealed class FanOutQueueTests : IDelivery, IDisposable
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _goOn = new();

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

    void IDelivery.Deliver(ReadOnlySpan<RoomItem> batch, long number)
    {
        _began.SetResult();
        _goOn.Wait(TimeSpan.FromSeconds(20));
    }
}
