namespace ChatKit.Connections;

/// <content>What the client's user has read.</content>
internal sealed partial class ServerConnection
{
    private readonly bool _sharesReads;

    /// <summary>Null until the client has read something.</summary>
    private ConnectionReads? _reads;

    public bool TracksReads { get; }

    public string? ReadsAs => TracksReads ? UserId : null;

    public void TryEnqueueIn(string room, ReadOnlyMemory<byte> frame) => _rooms.TryEnqueueIn(room, frame);

    public void MoveRead(string room, MessagePosition to)
    {
        // A room that the client has left can hold its position back for a second.
        _reads ??= new ConnectionReads(
            ReadsAs!, _sharesReads, _services.Options.MaxRoomsPerConnection * 2, _services.Cursors, _services.Clock);
        _reads.Move(room, to);
    }

    /// <summary>Stores what the user has read, if that is held back.</summary>
    public Task EndReadsAsync() => _reads?.EndAsync() ?? Task.CompletedTask;
}
