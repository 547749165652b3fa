namespace ChatKit.Connections.Messages;

/// <summary>Some events, as they are written to a client.</summary>
/// <param name="chunk">The events, in a chunk of HTTP/1.1 (RFC 9112 section 7.1).</param>
internal sealed class EventBytes(byte[] chunk)
{
    /// <summary>The size of the chunk in hexadecimal digits, and a line end.</summary>
    public const int ChunkHead = 10;

    /// <summary>The line end after the data.</summary>
    public const int ChunkTail = 2;

    /// <summary>The events.</summary>
    public ReadOnlyMemory<byte> Events => Chunk.AsMemory(ChunkHead..^ChunkTail);

    public byte[] Chunk { get; } = chunk;

    /// <summary>The only room in which the events move the client's position, in UTF-8; null if they move none.</summary>
    public byte[]? Room { get; init; }

    /// <summary>The last position in that room, in UTF-8.</summary>
    public byte[] Position { get; init; } = [];

    /// <summary>Whether the events are the same for each stream that is in one room only.</summary>
    public bool IsShared { get; init; }

    public bool HasPing { get; init; }

    /// <summary>Whether nothing follows.</summary>
    public bool IsLast { get; init; }
}
