namespace ChatKit.Rooms;

/// <summary>
/// The members of a large room, in slices that threads of the pool share. A thread claims one slice after the other. If the other processors
/// are busy, the caller's thread takes all of them: it never waits for a thread that has not begun.
/// </summary>
/// <param name="members">The members.</param>
/// <param name="threads">The number of threads that may share the work, including the caller's.</param>
/// <param name="offer">Offers something to the members of a slice. Must not throw.</param>
internal sealed class MemberSlices(LiveMember[] members, int threads, Func<ArraySegment<LiveMember>, FanOutResult> offer) : IThreadPoolWorkItem
{
    /// <summary>Large enough that claiming costs nothing, small enough that a thread that loses its processor holds up few members.</summary>
    private const int Largest = 256;

    /// <summary>So many slices for each thread that all of them end at about the same time.</summary>
    private const int PerThread = 16;

    private readonly int _size = Math.Clamp(members.Length / (threads * PerThread), 1, Largest);

    /// <summary>Its continuation runs on the thread that sets the result.</summary>
    private readonly TaskCompletionSource<FanOutResult> _end = new();

    private int _claimed;
    private int _finished;
    private int _deliveries;
    private Exception? _failure;

    private int Count => (members.Length + _size - 1) / _size;

    /// <summary>Offers to all members. Completes on the thread that is the last to finish a slice.</summary>
    public Task<FanOutResult> RunAsync()
    {
        for (var i = 1; i < threads; i++)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        TakeSlices();
        return _end.Task;
    }

    void IThreadPoolWorkItem.Execute() => TakeSlices();

    private void TakeSlices()
    {
        while (Interlocked.Increment(ref _claimed) - 1 is var slice && slice < Count)
        {
            var start = slice * _size;
            var (deliveries, failure) = offer(new ArraySegment<LiveMember>(members, start, Math.Min(_size, members.Length - start)));
            Interlocked.Add(ref _deliveries, deliveries);
            if (failure is not null)
                Interlocked.CompareExchange(ref _failure, failure, null);
            if (Interlocked.Increment(ref _finished) == Count)
                _end.SetResult(new FanOutResult(_deliveries, _failure));
        }
    }
}
