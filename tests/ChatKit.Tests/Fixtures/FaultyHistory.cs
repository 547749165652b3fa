using ChatKit.Rooms;
using Moq;

namespace ChatKit.Tests.Fixtures;

/// <summary>A history that fails, forgets or hesitates as the test tells it to, and otherwise does what another one does.</summary>
internal sealed class FaultyHistory
{
    private readonly Mock<IMessageHistory> _mock = new(MockBehavior.Strict);

    private IMessageHistory _inner;
    private int _reads;

    public FaultyHistory(IMessageHistory inner)
    {
        _inner = inner;
        _mock
            .Setup(static h => h.AppendAsync(It.IsAny<string>(), It.IsAny<ChatMessage>(), It.IsAny<int?>(), It.IsAny<CancellationToken>()))
            .Returns((string room, ChatMessage message, int? capacity, CancellationToken stop) => Down
                ? ValueTask.FromException<AppendResult>(new HistoryUnavailableException())
                : _inner.AppendAsync(room, message, capacity, stop));
        _mock
            .Setup(static h => h.ReadAsync(It.IsAny<string>(), It.IsAny<MessagePosition?>(), It.IsAny<CancellationToken>()))
            .Returns((string room, MessagePosition? after, CancellationToken stop) =>
                ReadAsync(room, () => _inner.ReadAsync(room, after, stop), stop));
        _mock
            .Setup(static h => h.ReadAsync(It.IsAny<string>(), It.IsAny<StreamPosition?>(), It.IsAny<int?>(), It.IsAny<CancellationToken>()))
            .Returns((string room, StreamPosition? after, int? limit, CancellationToken stop) =>
                ReadAsync(room, () => _inner.ReadAsync(room, after, limit, stop), stop));
        _mock
            .Setup(static h => h.ChangeAsync(It.IsAny<string>(), It.IsAny<MessageChange>(), It.IsAny<CancellationToken>()))
            .Returns((string room, MessageChange change, CancellationToken stop) => Down
                ? ValueTask.FromException<ChangeResult>(new HistoryUnavailableException())
                : _inner.ChangeAsync(room, change, stop));
        _mock
            .Setup(static h => h.ReadBeforeAsync(It.IsAny<string>(), It.IsAny<MessagePosition?>(), It.IsAny<int>(), It.IsAny<CancellationToken>()))
            .Returns((string room, MessagePosition? before, int limit, CancellationToken stop) => Down
                ? ValueTask.FromException<OlderMessages>(new HistoryUnavailableException())
                : _inner.ReadBeforeAsync(room, before, limit, stop));
    }

    public IMessageHistory Object => _mock.Object;

    /// <summary>Whether the store cannot be reached.</summary>
    public bool Down { get; set; }

    /// <summary>What happens between reading a page and returning it.</summary>
    public Func<Task>? AfterRead { get; set; }

    /// <summary>What is returned in place of a page; null = the page.</summary>
    public Func<HistoryPage, HistoryPage>? Page { get; set; }

    /// <summary>All that was stored is lost.</summary>
    public void Lose(IMessageHistory empty) => _inner = empty;

    /// <summary>How often a room of the application was read.</summary>
    public int Reads => Volatile.Read(ref _reads);

    private async ValueTask<HistoryPage> ReadAsync(string room, Func<ValueTask<HistoryPage>> read, CancellationToken stop)
    {
        var isOfApplication = room != DisconnectLog.RoomName;
        if (isOfApplication)
            Interlocked.Increment(ref _reads);
        if (Down)
            throw new HistoryUnavailableException();
        var page = await read();
        if (!isOfApplication)
            return page;
        if (AfterRead is { } afterRead)
            await afterRead().WaitAsync(stop);
        return Page is null ? page : Page(page);
    }
}
