namespace ChatKit.Benchmarks.Guard;

/// <summary>Counts the bytes that an operation allocates, on all threads.</summary>
internal static class Allocations
{
    /// <summary>Something else can allocate meanwhile, such as a timer. It does not in all of the rounds.</summary>
    private const int Rounds = 9;

    /// <summary>Set this to a result, so that the compiler does not allocate it on the stack.</summary>
    public static object? Kept { get; set; }

    /// <summary>Returns the bytes of an operation that completes synchronously.</summary>
    public static long Of<T>(Func<ValueTask<T>> operation) => Of(() =>
    {
        var task = operation();
        if (!task.IsCompletedSuccessfully)
            throw new InvalidOperationException("The operation waits for something, or fails.");
        _ = task.Result;
    });

    /// <summary>Returns the bytes of an operation.</summary>
    /// <param name="operation">The operation, which must end before it returns, and must itself allocate nothing.</param>
    /// <param name="count">How often it runs in each round.</param>
    public static long Of(Action operation, int count = 100)
    {
        for (var i = 0; i < count; i++)
            operation();
        var least = long.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < count; i++)
                operation();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return (least + (count / 2)) / count;
    }
}
