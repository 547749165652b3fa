namespace ChatKit.AspNetCore.Sockets;

/// <summary>Sends on many sockets at once. Only one thread may use it at a time.</summary>
internal interface ISendRing : IDisposable
{
    /// <summary>The number of sends that fit.</summary>
    const int Capacity = 256;

    /// <summary>The result of a send that was not carried out.</summary>
    const int NotSent = int.MinValue;

    /// <summary>Adds a send. There must be space.</summary>
    /// <param name="index">The number of sends that were added before, since the last call of <see cref="Submit"/>.</param>
    /// <param name="socket">The descriptor.</param>
    /// <param name="bytes">The address of the bytes, which must stay there.</param>
    /// <param name="length">The number of bytes.</param>
    void Add(int index, int socket, nint bytes, int length);

    /// <summary>Carries out the sends that were added, without waiting for the network.</summary>
    /// <param name="sent">For each: the number of bytes, the negated number of an error, or <see cref="NotSent"/>.</param>
    /// <returns>False if the ring can't be used any more.</returns>
    bool Submit(Span<int> sent);
}
