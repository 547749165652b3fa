namespace ChatKit.Connections.Transport;

/// <summary>What others can wait for until it next happens. Guarded by its owner's lock.</summary>
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
