using System.Net.WebSockets;

namespace ChatKit.Testing.Contracts;

/// <summary>Records what a backplane delivers, and detects overlapping calls.</summary>
/// <param name="limit">How long to wait for a message.</param>
internal sealed class RecordingSubscriber(TimeSpan limit) : IBackplaneSubscriber
{
    private const int CallsPerYield = 8;

    private readonly Lock _gate = new();
    private readonly List<ChatMessage> _messages = [];
    private TaskCompletionSource _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _calling;
    private int _calls;
    private int _overlaps;

    public bool Overlapped => Volatile.Read(ref _overlaps) > 0;

    public IEnumerable<string> Texts
    {
        get
        {
            lock (_gate)
                return [.. _messages.Select(static message => message.Text)];
        }
    }

    public void OnMessage(ChatMessage message)
    {
        if (Interlocked.Increment(ref _calling) != 1)
            Interlocked.Increment(ref _overlaps);
        TakeTime();
        lock (_gate)
        {
            _messages.Add(message);
            _arrival.SetResult();
            _arrival = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        Interlocked.Decrement(ref _calling);
    }

    /// <summary>Records the announcement among the messages, in order.</summary>
    public void OnAnnouncement(ReadOnlyMemory<byte> announcement) =>
        OnMessage(new ChatMessage(WebSocketMessageType.Binary, announcement, default));

    public void OnReconnected()
    {
    }

    /// <summary>Waits until this many messages have arrived, and returns all that have.</summary>
    public async Task<ChatMessage[]> ReceiveAsync(int count)
    {
        using var end = new CancellationTokenSource(limit);
        while (true)
        {
            Task arrival;
            ChatMessage[] messages;
            lock (_gate)
                (arrival, messages) = (_arrival.Task, [.. _messages]);
            if (messages.Length >= count)
                return messages;
            try
            {
                await arrival.WaitAsync(end.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                throw new ContractException(
                    $"Expected {count} messages within {limit.TotalSeconds} s, but {messages.Length} arrived: "
                    + Description.OfItems([.. messages.Select(static message => message.Text)]));
            }
        }
    }

    /// <summary>Gives an overlapping call time to begin. Now and then it lets other threads run, because they may have no processor.</summary>
    private void TakeTime()
    {
        if (Interlocked.Increment(ref _calls) % CallsPerYield == 0)
            Thread.Yield();
        else
            Thread.SpinWait(100);
    }
}
