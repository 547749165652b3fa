using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.Rooms;
using ChatKit.Rooms.Events;
using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Rooms;

/// <summary>A member of a room that takes as much as the test says.</summary>
internal sealed class FakeRoomClient(string id = "client") : IRoomClient, IOutbound
{
    private readonly Lock _gate = new();
    private readonly List<string> _texts = [];
    private readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _space = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _room = int.MaxValue;

    public string Id => id;

    public IReadOnlyCollection<string> FormerIds { get; init; } = [];

    public WireFormat Format { get; init; }

    public IOutbound Outbound => this;

    public string? PresentAs { get; init; }

    public string? PresenceData => null;

    /// <summary>Why the client was closed as too slow, once it was.</summary>
    public Task<string> Closed => _closed.Task;

    /// <summary>Called before something is taken or refused.</summary>
    public Action? BeforeEnqueue { get; set; }

    public string[] Texts
    {
        get
        {
            lock (_gate)
                return [.. _texts];
        }
    }

    /// <summary>Takes this many more enqueues before it is full.</summary>
    public void Accept(int enqueues = int.MaxValue)
    {
        lock (_gate)
        {
            _room = enqueues;
            if (enqueues == 0)
                _space = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            else
                _space.TrySetResult();
        }
    }

    /// <summary>Waits until it has got so many texts.</summary>
    public async Task<string[]> ReceiveAsync(int count)
    {
        await Patience.UntilAsync(() => Texts.Length >= count, $"{count} texts arrive");
        return Texts;
    }

    public IReadOnlyCollection<string> RoomNames => [];

    public void JoinByServer(string room) => throw new NotSupportedException();

    public void LeaveByServer(UserCommand.Leave command, DateTimeOffset until) => throw new NotSupportedException();

    public EnqueueResult TryEnqueue(ReadOnlyMemory<byte> frames)
    {
        BeforeEnqueue?.Invoke();
        lock (_gate)
        {
            if (_closed.Task.IsCompleted)
                return EnqueueResult.Closed;
            if (_room == 0)
                return EnqueueResult.Full;
            if (--_room == 0)
                _space = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _texts.AddRange(Frame.Parse(frames.Span).Select(static f => f.Text));
            return EnqueueResult.Accepted;
        }
    }

    public void Hold()
    {
    }

    public void Release()
    {
    }

    public bool TryEnqueueSignal(SignalKey key, ReadOnlyMemory<byte> frame) => TryEnqueue(frame) == EnqueueResult.Accepted;

    public async ValueTask<bool> WaitForSpaceAsync(int bytes, CancellationToken cancellationToken)
    {
        Task? space = null;
        lock (_gate)
        {
            if (_room == 0)
                space = _space.Task;
        }

        if (space is not null)
            await space.WaitAsync(cancellationToken);
        return !_closed.Task.IsCompleted;
    }

    public void Disconnect(WebSocketCloseStatus status, string? reason)
    {
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, status);
        _closed.TrySetResult(reason!);
        lock (_gate)
            _space.TrySetResult();
    }
}
