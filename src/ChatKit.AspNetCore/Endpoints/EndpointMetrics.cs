using System.Diagnostics.Metrics;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// Counts the handshakes that endpoints refuse. The instrument is the one that the core library has for connections that it refuses later,
/// because a meter has one instrument for each name, unit and description.
/// </summary>
/// <param name="meters">Null if metrics weren't added to the service collection.</param>
internal sealed class EndpointMetrics(IMeterFactory? meters)
{
    private readonly Counter<long>? _refused = meters?.Create(ChatKitTelemetry.MeterName).CreateCounter<long>(
        "chatkit.connections.refused", "{connection}", "Handshakes and connections that were refused, by reason.");

    /// <summary>The request isn't a handshake that RFC 6455 or the protocol <c>chatkit.v1</c> allows.</summary>
    public void RefusedBadRequest() => Refused("bad_request");

    public void RefusedOrigin() => Refused("origin");

    /// <summary>The name of the home room isn't valid.</summary>
    public void RefusedRoom() => Refused("room");

    /// <summary>The endpoint has its maximum number of connections.</summary>
    public void RefusedLimit() => Refused("limit");

    /// <summary>The user has its maximum number of connections.</summary>
    public void RefusedUserLimit() => Refused("user_limit");

    public void RefusedStopping() => Refused("stopping");

    private void Refused(string reason) => _refused?.Add(1, new KeyValuePair<string, object?>("chatkit.reason", reason));
}
