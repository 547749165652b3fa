namespace ChatKit.LoadTest.Generator;

/// <summary>The maximum number of open sockets of a process. Child processes inherit it.</summary>
internal static unsafe class DescriptorLimit
{
    /// <summary>The number of descriptors that a process needs besides the connections.</summary>
    private const int Reserve = 500;

    /// <summary>Raises the limit for a number of connections.</summary>
    /// <exception cref="IOException">The limit can't be raised so far.</exception>
    public static void Raise(int connections)
    {
        if (RaiseAsFarAsPossible(connections) < connections)
            throw new IOException($"{connections} connections need a higher limit; run 'ulimit -Hn {connections + Reserve}' as root first.");
    }

    /// <summary>Raises the limit for a number of connections. Returns how many are possible, up to this number.</summary>
    public static int RaiseAsFarAsPossible(int connections)
    {
        var wanted = (ulong)(connections + Reserve);
        var limits = stackalloc ulong[2];
        if (Native.GetLimit(Native.RlimitNoFile, limits) != 0)
            throw Native.Failure("getrlimit");
        if (limits[0] >= wanted)
            return connections;

        var most = limits[1];
        limits[0] = wanted;
        limits[1] = Math.Max(most, wanted);
        if (Native.SetLimit(Native.RlimitNoFile, limits) == 0)
            return connections;

        limits[0] = limits[1] = most;
        _ = Native.SetLimit(Native.RlimitNoFile, limits);
        return (int)most - Reserve;
    }
}
