using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.AspNetCore.Sockets;

/// <summary>Listens at the addresses of Kestrel. The server uses its own transport for everything that isn't an address and a port.</summary>
internal sealed class PolledListenerFactory(IOptions<SocketTransportOptions> options, TimeProvider clock, ILogger<PolledListenerFactory> logger)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    /// <summary>A loop only reads sockets and parses frames, so it can feed several processors.</summary>
    private const int ProcessorsPerLoop = 4;

    private readonly Lazy<SocketLoop[]> _loops = new(() =>
        [.. Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount / ProcessorsPerLoop)).Select(_ => new SocketLoop(logger))]);

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket? socket = null;
        try
        {
            socket = options.Value.CreateBoundListenSocket(endpoint);
            socket.Listen(options.Value.Backlog);
            socket.Blocking = false;

            // The sockets of the connections inherit it.
            socket.NoDelay = options.Value.NoDelay;
            return new ValueTask<IConnectionListener>(new PolledListener(socket, _loops.Value, clock, logger));
        }
        catch (Exception e)
        {
            socket?.Dispose();
            throw e is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } ? new AddressInUseException(e.Message, e) : e;
        }
    }

    public void Dispose()
    {
        if (!_loops.IsValueCreated)
            return;
        foreach (var loop in _loops.Value)
            loop.Dispose();
    }
}
