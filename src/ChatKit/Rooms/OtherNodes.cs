using ChatKit.Backplane;

namespace ChatKit.Rooms;

/// <summary>Knows whether other nodes serve the same rooms: all nodes subscribe to one room, and a publisher is told how many they are.</summary>
internal sealed class OtherNodes(IBackplane backplane, TimeProvider clock) : IBackplaneSubscriber, IAsyncDisposable, IDisposable
{
    /// <summary>Starts with a control character, unlike any room that a client can name.</summary>
    public const string Room = "\u0001nodes";

    /// <summary>How long a stopping node waits for the answer.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Its content doesn't matter.</summary>
    private static readonly byte[] Question = [0];

    private readonly LazySubscription _subscription = new(backplane);

    /// <summary>From now on, the other nodes count this one.</summary>
    public async Task JoinAsync()
    {
        try
        {
            await _subscription.StartAsync(Room, this).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The others don't count this node. They then close their connections at once when they stop, as a single node does.
        }
    }

    /// <summary>Whether there are others, or may be, because the backplane doesn't say how many there are.</summary>
    public async Task<bool> ExistAsync(CancellationToken cancellationToken)
    {
        try
        {
            var asking = backplane.AnnounceToAsync(Room, Question, cancellationToken).AsTask();
            return await asking.WaitAsync(AnswerTimeout, clock, cancellationToken).ConfigureAwait(false) is null or > 1;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false; // Without the store, there is nothing to wait for.
        }
    }

    public void OnMessage(ChatMessage message)
    {
        // Nobody sends messages to this room.
    }

    public void OnAnnouncement(ReadOnlyMemory<byte> announcement)
    {
        // The number of nodes that receive it is the answer.
    }

    public void OnReconnected()
    {
        // Nothing can be missed.
    }

    public ValueTask DisposeAsync() => _subscription.EndAsync();

    /// <summary>The process ends, and its subscriptions with it.</summary>
    public void Dispose()
    {
    }
}
