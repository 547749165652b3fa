[assembly: AssemblyFixture(typeof(ChatRoom.Tests.SharedChatRoom))]

namespace ChatRoom.Tests;

/// <summary>
/// One instance of the sample, with its history in memory, for all tests that neither configure nor end it, because starting the sample takes
/// longer than most of these tests. Each test has its own rooms.
/// </summary>
public sealed class SharedChatRoom : IAsyncLifetime
{
    private readonly Lazy<Task<ChatRoomProcess>> _process = new(static () => ChatRoomProcess.StartAsync());
    private int _rooms;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The sample. The first call starts it.</summary>
    internal Task<ChatRoomProcess> GetAsync() => _process.Value;

    /// <summary>The name of an unused room.</summary>
    internal string NewRoom() => $"room-{Interlocked.Increment(ref _rooms)}";

    public async ValueTask DisposeAsync()
    {
        if (_process is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } started })
            await (await started).DisposeAsync();
    }
}
