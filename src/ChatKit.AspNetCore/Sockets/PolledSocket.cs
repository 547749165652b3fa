using Microsoft.AspNetCore.Connections;

namespace ChatKit.AspNetCore.Sockets;

/// <summary>The state of a socket that its reader and its writer share. The object is its own lock, and is taken after theirs.</summary>
/// <param name="descriptor">The descriptor, which now belongs to this object.</param>
/// <param name="loop">The loop that reports the socket's events.</param>
internal sealed class PolledSocket(int descriptor, SocketLoop loop) : IDisposable
{
    private CancellationTokenSource? _ended;
    private CancellationToken _token;
    private Task? _ending;
    private bool _hasEnded;
    private bool _isFinished;
    private bool _clientHasFinished;
    private bool _isClosed;

    public int Descriptor => descriptor;

    public SocketLoop Loop => loop;

    /// <summary>Why this side has aborted the connection; null if it has not.</summary>
    public ConnectionAbortedException? AbortReason { get; private set; }

    /// <summary>Signals that nothing more can be received, or sent.</summary>
    public CancellationToken Ended
    {
        get
        {
            lock (this)
            {
                if (_ended is null)
                {
                    _ended = new CancellationTokenSource();
                    _token = _ended.Token;
                    if (_hasEnded)
                        _ending = _ended.CancelAsync();
                }

                return _token;
            }
        }
    }

    /// <summary>Called when nothing more can be received, or sent.</summary>
    /// <param name="byClient">Whether the client has ended the connection regularly.</param>
    public void OnEnded(bool byClient = false)
    {
        lock (this)
        {
            _clientHasFinished |= byClient;
            if (_hasEnded)
                return;
            _hasEnded = true;
            _ending = _ended?.CancelAsync();
        }
    }

    /// <summary>
    /// Ends the connection at once, unless it has finished. Resets it, so that the client doesn't take the end for a regular one; but a client
    /// that has finished, for which Kestrel aborts the request too, gets a regular end.
    /// </summary>
    public void Abort(ConnectionAbortedException reason)
    {
        lock (this)
        {
            if (_isClosed || _isFinished || AbortReason is not null)
                return;
            AbortReason = reason;
            if (_clientHasFinished)
                Libc.Shutdown(descriptor);
            else
                Libc.Reset(descriptor);
        }
    }

    /// <summary>Sends nothing more. The other side sees a regular end when it has received what was sent.</summary>
    public void Finish()
    {
        lock (this)
        {
            if (_isClosed || AbortReason is not null)
                return;
            _isFinished = true;
            Libc.Shutdown(descriptor);
        }
    }

    /// <summary>Signals the end, and waits until everybody was notified.</summary>
    public async Task EndAsync()
    {
        OnEnded();
        try
        {
            await (_ending ?? Task.CompletedTask).ConfigureAwait(false);
        }
        catch (AggregateException e)
        {
            // A callback of the application. The connection ends nevertheless.
            loop.OnFailed(e);
        }
    }

    /// <summary>Closes the socket. Neither the reader nor the writer may use it any more.</summary>
    public void Dispose()
    {
        lock (this)
        {
            if (_isClosed)
                return;
            _isClosed = true;
            loop.Remove(descriptor);
            Libc.Close(descriptor);
            _ended?.Dispose();
        }
    }
}
