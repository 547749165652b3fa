using ChatKit.Client.Protocol;

namespace ChatKit.Client.Transports;

/// <summary>Takes what arrives on a transport.</summary>
internal interface IFrameSink
{
    /// <summary>Takes a frame.</summary>
    void OnFrame(ServerFrame frame);

    /// <summary>Takes a frame that isn't parsed; ignores it if it can't be read.</summary>
    void OnFrame(ReadOnlySpan<byte> json);

    /// <summary>The server is there.</summary>
    void OnSign();
}

/// <summary>What a transport needs besides its own requests: positions to resume from, and earlier connections.</summary>
internal interface IHandshake
{
    /// <summary>Adds the query of a handshake, or of a poll, to the address.</summary>
    /// <param name="maxLength">The maximum length of the address.</param>
    /// <param name="isWhole">Whether to name the positions of all rooms; otherwise, of those that the server lets the client into by itself.</param>
    /// <param name="isComplete">Whether all positions fit.</param>
    Uri AddQuery(int maxLength, bool isWhole, out bool isComplete);

    /// <summary>The delay before a request is repeated.</summary>
    TimeSpan Backoff(int attempt);
}
