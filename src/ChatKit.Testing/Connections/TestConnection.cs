using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;

namespace ChatKit.Testing.Connections;

/// <summary>The client's side of one connection: the platform's WebSocket client, on a stream in memory.</summary>
internal sealed class TestConnection : IDisposable
{
    private const WebSocketCloseStatus Abnormal = (WebSocketCloseStatus)1006;
    private const WebSocketCloseStatus NoStatus = (WebSocketCloseStatus)1005;

    private readonly LinkStream _stream;
    private readonly WebSocket _socket;
    private readonly ITestConnectionListener _listener;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _sending = new(1);
    private readonly Channel<(long ArrivedAt, ReadOnlyMemory<byte> Message, CloseInfo? Close)> _arrivals =
        Channel.CreateUnbounded<(long, ReadOnlyMemory<byte>, CloseInfo?)>();

    private long _delay;

    /// <param name="id">The connection's id.</param>
    /// <param name="stream">The client's end of the connection.</param>
    /// <param name="ended">Completes when the server's side has ended.</param>
    /// <param name="listener">Is notified of what is received.</param>
    /// <param name="clock">The server's clock, which delays count on.</param>
    public TestConnection(string id, LinkStream stream, Task ended, ITestConnectionListener listener, TimeProvider clock)
    {
        (Id, _stream, Ended, _listener, _clock) = (id, stream, ended, listener, clock);
        _socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });
    }

    public string Id { get; }

    /// <summary>Completes when the server has ended the connection and closed its handler.</summary>
    public Task Ended { get; }

    public bool IsPaused => _stream.IsPaused;

    /// <summary>How much later everything is received.</summary>
    public TimeSpan Delay
    {
        get => new(Volatile.Read(ref _delay));
        set => Volatile.Write(ref _delay, value.Ticks);
    }

    public void Start()
    {
        _ = Task.Run(ReadAsync);
        _ = Task.Run(DeliverAsync);
    }

    public void Pause() => _stream.Pause();

    public void Resume() => _stream.Resume();

    /// <summary>Cuts the connection, without a close frame.</summary>
    public void Cut() => _stream.Reset();

    /// <exception cref="ChatTestException">The connection has ended.</exception>
    public Task SendAsync(string text, CancellationToken cancellationToken) =>
        SendAsync(
            socket => socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None), cancellationToken);

    /// <summary>Sends a close frame. The server answers it.</summary>
    public Task SendCloseAsync(WebSocketCloseStatus status, string? reason, CancellationToken cancellationToken) =>
        SendAsync(socket => socket.CloseOutputAsync(status, reason, CancellationToken.None), cancellationToken);

    public void Dispose()
    {
        _socket.Dispose();
        _sending.Dispose();
    }

    private async Task SendAsync(Func<WebSocket, Task> send, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A canceled send would break the connection, so the wait is canceled instead.
            await send(_socket).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or IOException or InvalidOperationException)
        {
            throw new ChatTestException("The connection has ended; nothing can be sent.", e);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ReadAsync()
    {
        CloseInfo close;
        try
        {
            var buffer = new ArrayBufferWriter<byte>();
            while (true)
            {
                var result = await _socket.ReceiveAsync(buffer.GetMemory(1024), CancellationToken.None).ConfigureAwait(false);
                if (result.MessageType == WebSocketMessageType.Close)
                    break;
                buffer.Advance(result.Count);
                if (!result.EndOfMessage)
                    continue;
                _arrivals.Writer.TryWrite((_clock.GetTimestamp(), buffer.WrittenSpan.ToArray(), null));
                buffer.ResetWrittenCount();
            }

            close = new CloseInfo(_socket.CloseStatus ?? NoStatus, _socket.CloseStatusDescription, WasClean: true);
            if (_socket.State == WebSocketState.CloseReceived)
                await SendCloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            close = new CloseInfo(_socket.CloseStatus ?? Abnormal, _socket.CloseStatusDescription, WasClean: false, e);
        }

        _arrivals.Writer.TryWrite((_clock.GetTimestamp(), default, close));
        _arrivals.Writer.Complete();
    }

    private async Task DeliverAsync()
    {
        await foreach (var (arrivedAt, message, close) in _arrivals.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            // The close code of a connection that was cut isn't delayed: the client itself notices it.
            if (close is not { WasClean: false } && Delay - _clock.GetElapsedTime(arrivedAt) is { Ticks: > 0 } wait)
                await Task.Delay(wait, _clock).ConfigureAwait(false);
            if (close is null)
                _listener.OnMessage(this, message);
            else
                _listener.OnClosed(this, close);
        }
    }
}
