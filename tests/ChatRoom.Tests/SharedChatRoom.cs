[assembly: AssemblyFixture(typeof(ChatRoom.Tests.SharedChatRoom))]

namespace ChatRoom.Tests;

/// <summary>
/// One sample, with its history in memory, for all tests that neither configure nor end it: starting one takes longer than what most of
/// them do with it. Each test has rooms of its own.
/// </summary>
public sealed class SharedChatRoom : IAsyncLifetime
{
    private readonly Lazy<Task<ChatRoomProcess>> _process = new(static () => ChatRoomProcess.StartAsync());
    private int _rooms;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The sample. It is started for the first who asks.</summary>
    internal Task<ChatRoomProcess> GetAsync() => _process.Value;

    /// <summary>The name of a room in which nobody has been.</summary>
    internal string NewRoom() => $"room-{Interlocked.Increment(ref _rooms)}";

    public async ValueTask DisposeAsync()
    {
        if (_process is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } started })
            await (await started).DisposeAsync();
    }
}
