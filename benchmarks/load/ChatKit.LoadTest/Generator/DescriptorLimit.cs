namespace ChatKit.LoadTest.Generator;

/// <summary>The maximum number of open sockets of a process. Child processes inherit it.</summary>
internal static unsafe class DescriptorLimit
{
    /// <summary>The number of descriptors that a process needs besides the connections.</summary>
    private const int Reserve = 500;

    /// <summary>Raises the limit for a number of connections.</summary>
    public static void Raise(int connections)
    {
        var wanted = (ulong)(connections + Reserve);
        var limits = stackalloc ulong[2];
        if (Native.GetLimit(Native.RlimitNoFile, limits) != 0)
            throw Native.Failure("getrlimit");
        if (limits[0] >= wanted)
            return;

        limits[0] = wanted;
        limits[1] = Math.Max(limits[1], wanted);
        if (Native.SetLimit(Native.RlimitNoFile, limits) != 0)
            throw Native.Failure($"{connections} connections need a higher limit; run 'ulimit -Hn {wanted}' as root first. setrlimit");
    }
}
