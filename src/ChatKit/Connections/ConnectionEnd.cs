using System.Net.WebSockets;
using ChatKit.Connections.Transport;
using ChatKit.WebSockets;

namespace ChatKit.Connections;

/// <summary>
/// The end of a connection: each side closes (RFC 6455 section 7.1), or a timeout ends the connection. This class holds the state and makes
/// all its transitions. The first end counts.
/// </summary>
/// <param name="transport">The transport that notifies the client.</param>
/// <param name="abortTransport">Ends the transport without waiting for anything.</param>
/// <param name="services">The services that all connections share.</param>
internal sealed class ConnectionEnd(ClientTransport transport, Action abortTransport, ConnectionServices services) : IDisposable
{
    /// <summary>Also the lock for everything in this class: a separate lock would be one more object for each connection.</summary>
    private readonly CancellationTokenSource _aborted = new();
    private volatile EndState _state;
    private CloseInfo? _close;
    private ITimer? _timer;
    private Task? _aborting;

    /// <summary>Signals that the client is gone.</summary>
    public CancellationToken Aborted => _aborted.Token;

    /// <summary>Whether the server has closed the connection: what the client still sends is not handled.</summary>
    public bool IsClosedHere => _state == EndState.ClosedHere;

    /// <summary>Whether either side has closed, or the client is gone.</summary>
    public bool HasEnded => _state != EndState.Open;

    /// <summary>How the connection has ended, once it has.</summary>
    public CloseInfo Close => Volatile.Read(ref _close) ?? new CloseInfo(CloseInfo.Abnormal, null, WasClean: false);

    /// <summary>The server closes. Does nothing if the connection has ended.</summary>
    /// <param name="close">The code and reason of the close frame.</param>
    /// <param name="before">A frame that goes out just before the close frame.</param>
    public void CloseHere(CloseInfo close, ReadOnlyMemory<byte> before = default)
    {
        if (!TryEnd(EndState.ClosedHere, close))
            return;

        LimitTime();
        transport.SendClose(close, before);
    }

    /// <summary>The client has closed, or has answered our close frame.</summary>
    /// <returns>Whether the client was the first. Its close frame is then still to be answered, by <see cref="Answer"/>.</returns>
    public bool OnClosedByClient(WebSocketCloseStatus code, string? reason)
    {
        if (TryEnd(EndState.EndedByClient, new CloseInfo(code, reason, WasClean: true)))
            return true;

        // The thread that closes on this side may not have sent its frame yet, and the connection may end once this returns.
        if (WebSocketFrame.MaySend(Close.Code))
            transport.SendClose(Close);
        _close = Close with { WasClean = true };
        return false;
    }

    /// <summary>The client has broken the protocol.</summary>
    /// <returns>Whether the fault ends the connection, and the client must still be notified, by <see cref="Answer"/>.</returns>
    public bool OnFault(WebSocketCloseStatus status, string problem)
    {
        var exception = new WebSocketException(WebSocketError.Faulted, $"The server closed the connection: {problem}.");
        return TryEnd(EndState.EndedByClient, new CloseInfo(status, problem, WasClean: false, exception));
    }

    /// <summary>Sends the close frame to a client that has ended the connection, with the client's own code or with the fault.</summary>
    public void Answer()
    {
        LimitTime();
        transport.SendClose(Close.WasClean ? Close with { Reason = null } : Close);
    }

    /// <summary>The client is gone without a close frame.</summary>
    public void OnLost(Exception? exception)
    {
        TryEnd(EndState.Lost, new CloseInfo(CloseInfo.Abnormal, null, WasClean: false, exception));
        Abort();
    }

    /// <summary>Aborts the connection. It sends and receives nothing from now on.</summary>
    public void Abort()
    {
        transport.Outbound.End();
        lock (_aborted)
        {
            // Once the connection is over, the host may have given its transport to another connection.
            if (_state == EndState.Over)
                return;
            _aborting ??= _aborted.CancelAsync();
            abortTransport();
        }
    }

    /// <summary>Signals <see cref="Aborted"/>, and waits for its callbacks.</summary>
    public Task SignalAbortedAsync()
    {
        lock (_aborted)
            return _aborting ??= _aborted.CancelAsync();
    }

    /// <summary>The connection is over.</summary>
    public void Dispose()
    {
        transport.Outbound.End();
        lock (_aborted)
        {
            _state = EndState.Over;
            _timer?.Dispose();
            _aborted.Dispose();
        }
    }

    private bool TryEnd(EndState state, CloseInfo close)
    {
        lock (_aborted)
        {
            if (_state != EndState.Open)
                return false;
            Volatile.Write(ref _close, close);
            _state = state;
            return true;
        }
    }

    /// <summary>Starts the timeout for the rest of the handshake.</summary>
    private void LimitTime()
    {
        lock (_aborted)
        {
            if (_state == EndState.Over)
                return;
            _timer ??= services.Clock.CreateTimer(
                static end => ((ConnectionEnd)end!).Abort(), this, services.Options.CloseTimeout, Timeout.InfiniteTimeSpan);
        }
    }
}
