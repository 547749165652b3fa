namespace ChatKit.AspNetCore.Sockets;

/// <summary>
/// The scheduling policy of the loops (sched(7)). A thread with this policy doesn't interrupt another one when it has something to do. So on
/// a busy processor, messages collect while a room sends, instead of each one stopping the room.
/// </summary>
internal static class BatchScheduling
{
    private static volatile bool _isUsed;

    [ThreadStatic]
    private static bool _isDecided;

    /// <summary>Called on the thread of a loop. Has no effect if the process has another policy, or if the system doesn't allow it.</summary>
    public static void Enter()
    {
        _isDecided = true;
        if (Libc.Policy != Libc.NormalPolicy)
            return;
        _isUsed = true;
        Libc.Policy = Libc.BatchPolicy;
    }

    /// <summary>A thread of the pool that a loop has started inherits its policy, and is to have its own.</summary>
    public static void LeaveOnPool()
    {
        if (_isDecided)
            return;
        _isDecided = true;
        if (_isUsed && Thread.CurrentThread.IsThreadPoolThread && Libc.Policy == Libc.BatchPolicy)
            Libc.Policy = Libc.NormalPolicy;
    }
}
