using System.Net.WebSockets;

namespace ChatKit.TestKit.Contracts;

/// <summary>Records what a backplane delivers, and detects overlapping calls.</summary>
public sealed class RecordingSubscriber : IBackplaneSubscriber
{
    private readonly Lock _gate = new();
    private readonly List<ChatMessage> _messages = [];
    private int _calling;
    private int _reconnects;

    public bool Overlapped { get; private set; }

    public int Reconnects => Volatile.Read(ref _reconnects);

    public ChatMessage[] Messages
    {
        get
        {
            lock (_gate)
                return [.. _messages];
        }
    }

    public IEnumerable<string> Texts => Messages.Select(static m => m.Text);

    public void OnMessage(ChatMessage message)
    {
        Overlapped |= Interlocked.Increment(ref _calling) != 1;
        Thread.SpinWait(100);
        lock (_gate)
            _messages.Add(message);
        Interlocked.Decrement(ref _calling);
    }

    /// <summary>Records the announcement among the messages, in order.</summary>
    public void OnAnnouncement(ReadOnlyMemory<byte> announcement) =>
        OnMessage(new ChatMessage(WebSocketMessageType.Binary, announcement, default));

    public void OnReconnected() => Interlocked.Increment(ref _reconnects);

    /// <summary>Waits until this many messages have arrived.</summary>
    public async Task<ChatMessage[]> ReceiveAsync(int count)
    {
        await Patience.UntilAsync(() => Messages.Length >= count, $"{count} messages arrive");
        return Messages;
    }
}
