using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// A connection of Kestrel that can go on when its HTTP layer has ended, and then keeps nothing of it. The HTTP layer registers itself for
/// heartbeats and can't be removed from them, so it gets heartbeats through this object instead.
/// </summary>
internal sealed class DetachableConnection : IConnectionHeartbeatFeature
{
    private readonly IDuplexPipe _transport;
    private readonly IConnectionHeartbeatFeature? _heartbeats;
    private volatile (Action<object> Action, object State)[]? _listeners;
    private Task? _rest;

    private DetachableConnection(ConnectionContext connection)
    {
        _transport = connection.Transport;
        _heartbeats = connection.Features.Get<IConnectionHeartbeatFeature>();
        connection.Features.Set(this);
        if (_heartbeats is not null)
            connection.Features.Set<IConnectionHeartbeatFeature>(this);
    }

    /// <summary>Runs the layers above, and then what goes on without them.</summary>
    public static async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var self = new DetachableConnection(connection);
        await next(connection).ConfigureAwait(false);
        if (self._rest is { } rest)
        {
            self.Forget(connection.Features);
            await rest.ConfigureAwait(false);
        }
    }

    /// <summary>Lets what uses the transport go on when the HTTP layer has ended. Returns false if the transport ends with that layer.</summary>
    /// <param name="request">The features of the request, which is to end now.</param>
    /// <param name="rest">Completes when the connection is no longer used.</param>
    public bool TryDetach(IFeatureCollection request, Task rest)
    {
        if (!ReferenceEquals(request.Get<IConnectionTransportFeature>()?.Transport, _transport))
            return false;

        // A connection that waits for messages isn't a response that the client reads too slowly.
        if (request.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        _rest = rest;
        return true;
    }

    void IConnectionHeartbeatFeature.OnHeartbeat(Action<object> action, object state)
    {
        if (_listeners is null)
        {
            _listeners = [(action, state)];
            _heartbeats!.OnHeartbeat(static self => ((DetachableConnection)self).Beat(), this);
        }
        else
            _listeners = [.. _listeners, (action, state)];
    }

    private void Beat()
    {
        if (_listeners is not { } listeners)
            return;
        foreach (var (action, state) in listeners)
            action(state);
    }

    private void Forget(IFeatureCollection features)
    {
        _listeners = null;
        features.Set<DetachableConnection>(null);
        features.Set<IConnectionTimeoutFeature>(null);
    }
}
