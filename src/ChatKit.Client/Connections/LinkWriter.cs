using ChatKit.Client.Transports;

namespace ChatKit.Client.Connections;

/// <summary>
/// Sends the frames of a connection, one after the other. Runs only as long as there is something to send. Under the session's lock.
/// </summary>
internal sealed class LinkWriter(Lock gate, Action<Exception> onFailed)
{
    private readonly Queue<Outgoing> _outgoing = new();
    private bool _isWriting;
    private bool _isOver;

    public Transport? Transport { get; set; }

    /// <param name="frame">The frame; null to close the connection.</param>
    /// <param name="before">Ends before the frame is sent.</param>
    /// <param name="isMessage">Whether the frame is of the outbox.</param>
    public void Add(byte[]? frame, Task? before = null, bool isMessage = false)
    {
        if (_isOver || Transport is null)
            return;
        _outgoing.Enqueue(new Outgoing(frame, before, isMessage));
        if (_isWriting)
            return;
        _isWriting = true;
        ThreadPool.UnsafeQueueUserWorkItem(static writer => _ = writer.WriteAsync(), this, preferLocal: false);
    }

    public void ForgetMessages()
    {
        var others = _outgoing.Where(static outgoing => !outgoing.IsMessage).ToArray();
        _outgoing.Clear();
        foreach (var outgoing in others)
            _outgoing.Enqueue(outgoing);
    }

    public void Stop()
    {
        _isOver = true;
        _outgoing.Clear();
    }

    private async Task WriteAsync()
    {
        try
        {
            while (TryTake(out var outgoing))
            {
                if (outgoing.Before is { } before)
                    await before.ConfigureAwait(false);
                if (outgoing.Frame is { } frame)
                    await Transport!.SendAsync(frame).ConfigureAwait(false);
                else
                    await Transport!.CloseAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (Transport.IsFailure(e))
        {
            lock (gate)
            {
                Stop();
                onFailed(e);
            }
        }
    }

    private bool TryTake(out Outgoing outgoing)
    {
        lock (gate)
            return _isWriting = _outgoing.TryDequeue(out outgoing);
    }

    private readonly record struct Outgoing(byte[]? Frame, Task? Before, bool IsMessage);
}
