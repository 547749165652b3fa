namespace ChatKit.Testing.Hosting;

/// <summary>A handler that is mapped to a route.</summary>
internal sealed record TestEndpoint(
    RoutePattern Pattern, WebSocketConnectionOptions Options, Func<IServiceProvider, WebSocketHandler> CreateHandler);
