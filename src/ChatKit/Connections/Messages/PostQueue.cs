using System.Diagnostics.CodeAnalysis;

namespace ChatKit.Connections.Messages;

/// <summary>
/// The frames that a client has posted and its connection has not read yet. Keeps the order of posts that are numbered, and takes each number
/// once. For one reader.
/// </summary>
/// <param name="clock">The clock.</param>
internal sealed class PostQueue(TimeProvider clock)
{
    /// <summary>The number of posts that wait for the reader, and how far ahead of the next one a post can be.</summary>
    private const int Limit = 16;

    /// <summary>How long a post waits for its turn.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly Queue<IReadOnlyList<ReadOnlyMemory<byte>>> _posts = new();

    /// <summary>Completed and replaced whenever something has changed for those who wait.</summary>
    private TaskCompletionSource _changed = NewSource();

    private long _next = 1;
    private bool _isCompleted;

    /// <summary>Adds a post in its turn.</summary>
    /// <param name="number">The post's number; null if the order does not matter.</param>
    /// <param name="frames">The frames of the post.</param>
    public async ValueTask<PostResult> AddAsync(long? number, IReadOnlyList<ReadOnlyMemory<byte>> frames)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            if (TryAdd(number, frames, out var changed) is { } result)
                return result;
            var left = LongestWait - clock.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
                return PostResult.Busy;
            await changed.WaitAsync(left, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public bool TryRead([NotNullWhen(true)] out IReadOnlyList<ReadOnlyMemory<byte>>? post)
    {
        lock (_posts)
        {
            if (!_posts.TryDequeue(out post))
                return false;
            SignalChange();
            return true;
        }
    }

    /// <summary>Waits for a post. Returns false if there is none and none will follow.</summary>
    public async ValueTask<bool> WaitToReadAsync()
    {
        while (true)
        {
            Task changed;
            lock (_posts)
            {
                if (_posts.Count > 0 || _isCompleted)
                    return _posts.Count > 0;
                changed = _changed.Task;
            }

            await changed.ConfigureAwait(false);
        }
    }

    /// <summary>Accepts no more posts. Those that wait can still be read.</summary>
    public void Complete()
    {
        lock (_posts)
        {
            _isCompleted = true;
            SignalChange();
        }
    }

    /// <summary>Returns null if the post has to wait.</summary>
    private PostResult? TryAdd(long? number, IReadOnlyList<ReadOnlyMemory<byte>> frames, out Task changed)
    {
        lock (_posts)
        {
            changed = _changed.Task;
            if (_isCompleted)
                return PostResult.Gone;
            if (number < _next)
                return PostResult.Accepted; // It has come before, and the client has not had the answer.
            if (number >= _next + Limit)
                return PostResult.Busy;
            if (number > _next || _posts.Count >= Limit)
                return null;
            _posts.Enqueue(frames);
            _next += number is null ? 0 : 1;
            SignalChange();
            return PostResult.Accepted;
        }
    }

    private void SignalChange()
    {
        var changed = _changed;
        _changed = NewSource();
        changed.TrySetResult();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
