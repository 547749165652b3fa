namespace ChatKit.Rooms;

/// <summary>An event that callers can await until it next occurs. The owner's lock guards it.</summary>
internal struct Signal
{
    private TaskCompletionSource? _next;

    /// <summary>Completes when the signal is next set.</summary>
    public Task Next => (_next ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Set()
    {
        _next?.TrySetResult();
        _next = null;
    }
}
