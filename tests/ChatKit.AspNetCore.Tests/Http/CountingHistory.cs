using ChatKit.AspNetCore.Tests.Custom;

namespace ChatKit.AspNetCore.Tests.Http;

/// <summary>A history that counts how often it is read.</summary>
internal sealed class CountingHistory : IMessageHistory
{
    private readonly TableHistory _inner = new();
    private int _reads;

    public int Reads => Volatile.Read(ref _reads);

    public ValueTask<AppendResult> AppendAsync(string room, ChatMessage message, int? capacity, CancellationToken cancellationToken) =>
        _inner.AppendAsync(room, message, capacity, cancellationToken);

    public ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        return _inner.ReadAsync(room, after, cancellationToken);
    }

    public ValueTask<HistoryPage> ReadAsync(string room, StreamPosition? after, int? limit, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        return _inner.ReadAsync(room, after, limit, cancellationToken);
    }

    public ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken) =>
        _inner.ChangeAsync(room, change, cancellationToken);
}
