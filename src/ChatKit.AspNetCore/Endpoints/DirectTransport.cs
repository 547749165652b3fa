using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>Finds the transport under the HTTP layer, if bypassing the layers above it changes only the speed.</summary>
internal static class DirectTransport
{
    /// <summary>
    /// Returns the pipe under HTTP/1.1, with or without TLS and connection middleware. Returns null if the upgrade feature isn't Kestrel's
    /// own, because the code that replaced it may read or change the bytes of the stream.
    /// </summary>
    /// <param name="upgrade">The feature that upgraded the request; null over HTTP/2.</param>
    /// <param name="features">The connection's and the request's features.</param>
    public static IDuplexPipe? Pipe(IHttpUpgradeFeature? upgrade, IFeatureCollection features) =>
        upgrade?.GetType().Assembly == typeof(KestrelServer).Assembly ? features.Get<IConnectionTransportFeature>()?.Transport : null;

    /// <summary>
    /// Returns the socket under that pipe; null if there is a layer between them. Middleware that wraps the transport, including TLS,
    /// replaces the pipe with its own, which comes from a different assembly than the socket's connection.
    /// </summary>
    public static Socket? Socket(IDuplexPipe pipe, IFeatureCollection features)
    {
        var connection = features.Get<IConnectionSocketFeature>();
        var isWrapped = connection?.GetType().Assembly != pipe.GetType().Assembly || features.Get<ITlsConnectionFeature>() is not null;
        return isWrapped ? null : connection?.Socket;
    }
}
