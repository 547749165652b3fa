using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace ChatKit.AspNetCore.Sockets;

/// <summary>A connection that was accepted.</summary>
internal sealed class PolledConnection : ConnectionContext, IPolled, IDuplexPipe,
    IConnectionIdFeature, IConnectionItemsFeature, IConnectionTransportFeature, IConnectionLifetimeFeature, IConnectionEndPointFeature
{
    private static long _lastId = TimeProvider.System.GetUtcNow().Ticks;

    private readonly PolledSocket _socket;
    private readonly PolledReader _reader;
    private readonly PolledWriter _writer;
    private IDictionary<object, object?>? _items;
    private string? _id;
    private CancellationToken? _closed;

    /// <param name="socket">The socket, which now belongs to the connection.</param>
    /// <param name="local">The address of this side.</param>
    /// <param name="remote">The address of the other side.</param>
    public PolledConnection(PolledSocket socket, EndPoint local, EndPoint remote)
    {
        (_socket, LocalEndPoint, RemoteEndPoint) = (socket, local, remote);
        _reader = new PolledReader(socket);
        _writer = new PolledWriter(socket);
        Transport = this;
        Features = new FeatureCollection();
        Features.Set<IConnectionIdFeature>(this);
        Features.Set<IConnectionItemsFeature>(this);
        Features.Set<IConnectionTransportFeature>(this);
        Features.Set<IConnectionLifetimeFeature>(this);
        Features.Set<IConnectionEndPointFeature>(this);
    }

    public override string ConnectionId
    {
        get => _id ??= Interlocked.Increment(ref _lastId).ToString("X", CultureInfo.InvariantCulture);
        set => _id = value;
    }

    public override IFeatureCollection Features { get; }

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override IDuplexPipe Transport { get; set; }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public override CancellationToken ConnectionClosed
    {
        get => _closed ?? _socket.Ended;
        set => _closed = value;
    }

    PipeReader IDuplexPipe.Input => _reader;

    PipeWriter IDuplexPipe.Output => _writer;

    /// <summary>Starts to receive events.</summary>
    /// <exception cref="IOException">The system has no resources for it.</exception>
    public void Start() =>
        _socket.Loop.Add(_socket.Descriptor, this, PollEvents.Readable | PollEvents.Writable | PollEvents.OtherSideEnded | PollEvents.Once);

    public void OnReady(PollEvents events)
    {
        if ((events & (PollEvents.Readable | PollEvents.Ended)) != 0)
            _reader.OnReady(events);
        if ((events & (PollEvents.Writable | PollEvents.Ended)) != 0)
            _writer.OnReady(events);
    }

    public override void Abort(ConnectionAbortedException abortReason) => _socket.Abort(abortReason);

    public override async ValueTask DisposeAsync()
    {
        _writer.Complete();
        _reader.Complete();
        await _writer.WaitUntilSentAsync().ConfigureAwait(false);
        await _socket.EndAsync().ConfigureAwait(false);
        _reader.Close();
        _writer.Close();
        _socket.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }
}
