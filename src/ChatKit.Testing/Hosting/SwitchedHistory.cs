namespace ChatKit.Testing.Hosting;

/// <summary>A history that a test can make unavailable.</summary>
internal sealed class SwitchedHistory(SharedStore store, IMessageHistory inner) : IMessageHistory
{
    public ValueTask<AppendResult> AppendAsync(
        string room, ChatMessage message, int? capacity = null, CancellationToken cancellationToken = default) =>
        Inner.AppendAsync(room, message, capacity, cancellationToken);

    public ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after = null, CancellationToken cancellationToken = default) =>
        Inner.ReadAsync(room, after, cancellationToken);

    public ValueTask<HistoryPage> ReadAsync(
        string room, StreamPosition? after, int? limit, CancellationToken cancellationToken = default) =>
        Inner.ReadAsync(room, after, limit, cancellationToken);

    public ValueTask<OlderMessages> ReadBeforeAsync(
        string room, MessagePosition? before, int limit, CancellationToken cancellationToken = default) =>
        Inner.ReadBeforeAsync(room, before, limit, cancellationToken);

    public ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken = default) =>
        Inner.ChangeAsync(room, change, cancellationToken);

    private IMessageHistory Inner => store.IsAvailable
        ? inner
        : throw new HistoryUnavailableException($"The test has set {nameof(ChatTestServer.IsStoreAvailable)} to false.");
}
