using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>Finds what lies under the HTTP layer, as far as bypassing the layers above it changes nothing but the speed.</summary>
internal static class DirectTransport
{
    /// <summary>
    /// The pipe under HTTP/1.1: plain or TLS, with whatever connection middleware put there. Null if the upgrade is not Kestrel's own,
    /// because whoever stands in front of it may want to see or change what goes through the stream.
    /// </summary>
    /// <param name="upgrade">The feature that has upgraded the request; null over HTTP/2.</param>
    /// <param name="features">The connection's and the request's features.</param>
    public static IDuplexPipe? Pipe(IHttpUpgradeFeature? upgrade, IFeatureCollection features) =>
        upgrade?.GetType().Assembly == typeof(KestrelServer).Assembly ? features.Get<IConnectionTransportFeature>()?.Transport : null;

    /// <summary>
    /// The socket under that pipe; null if anything lies between them. Middleware that wraps the transport, TLS included, puts a pipe
    /// of its own into its place, and that comes from another assembly than the socket's connection.
    /// </summary>
    public static Socket? Socket(IDuplexPipe pipe, IFeatureCollection features)
    {
        var connection = features.Get<IConnectionSocketFeature>();
        var isWrapped = connection?.GetType().Assembly != pipe.GetType().Assembly || features.Get<ITlsConnectionFeature>() is not null;
        return isWrapped ? null : connection?.Socket;
    }
}
