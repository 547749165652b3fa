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
            .Returns(async (string room, MessagePosition? after, CancellationToken stop) =>
            {
                var isOfApplication = room != DisconnectLog.RoomName;
                if (isOfApplication)
                    Interlocked.Increment(ref _reads);
                if (Down)
                    throw new HistoryUnavailableException();
                if (!isOfApplication)
                    return await _inner.ReadAsync(room, after, stop);
                var page = await _inner.ReadAsync(room, after, stop);
                if (AfterRead is { } afterRead)
                    await afterRead().WaitAsync(stop);
                return Page is null ? page : Page(page);
            });
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
}
