using System.Diagnostics.CodeAnalysis;
using ChatKit;
using ChatKit.AspNetCore.Diagnostics;
using ChatKit.AspNetCore.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Extension methods that map WebSocket handlers to routes.</summary>
public static class WebSocketHandlerEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps a handler to a route. A client's home room is named by the route value <c>room</c>, or else by the pattern, including the
    /// prefixes of route groups. <see cref="WebSocketEndpointOptions.HomeRoom"/> can return another name.
    /// </summary>
    /// <typeparam name="THandler">The handler. Each connection has its own instance, created from its own service scope.</typeparam>
    /// <param name="endpoints">The route builder, such as the application.</param>
    /// <param name="pattern">The route's pattern, such as <c>/chat/{room}</c>.</param>
    /// <param name="configure">
    /// Configures the endpoint's options. They start with the values that <c>services.Configure&lt;WebSocketEndpointOptions&gt;(…)</c> sets
    /// for all endpoints.
    /// </param>
    /// <returns>A builder for conventions such as <c>RequireAuthorization()</c>.</returns>
    /// <exception cref="InvalidOperationException"><c>AddChatKit()</c> was not called.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of range.</exception>
    public static IEndpointConventionBuilder MapWebSocketHandler<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        Action<WebSocketEndpointOptions>? configure = null)
        where THandler : WebSocketHandler
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var services = endpoints.ServiceProvider;
        ThrowIfNotAdded(services);

        // First the configuration of all endpoints, then that of this endpoint. Each endpoint has its own copies of the lists.
        var options = services.GetRequiredService<IOptionsFactory<WebSocketEndpointOptions>>().Create(Options.DefaultName);
        options.AllowedOrigins = [.. options.AllowedOrigins];
        options.Subprotocols = [.. options.Subprotocols];
        configure?.Invoke(options);
        options.Validate();
        if (options.AllowedOrigins.Contains(OriginPolicy.Any))
            services.GetRequiredService<ILogger<WebSocketEndpoint>>().AnyOriginAllowed(pattern);

        var factory = ActivatorUtilities.CreateFactory<THandler>(Type.EmptyTypes);
        var endpoint = new WebSocketEndpoint(pattern, provider => factory(provider, []), options, services);

        string[] methods = options.Transports == ChatTransports.WebSockets
            ? [HttpMethods.Get, HttpMethods.Connect]
            : [HttpMethods.Get, HttpMethods.Connect, HttpMethods.Post];

        // HTTP/2 opens a WebSocket with CONNECT (RFC 8441). A connection lasts longer than the timeout of a request. An unauthenticated
        // client receives 401, because a WebSocket client doesn't follow a redirect to a login page.
        return endpoints
            .MapMethods(pattern, methods, endpoint.Build(endpoints.CreateApplicationBuilder()))
            .WithDisplayName($"WebSocket {pattern}")
            .WithMetadata(new DisableRequestTimeoutAttribute())
            .DisableCookieRedirect();
    }

    private static void ThrowIfNotAdded(IServiceProvider services)
    {
        if (services.GetService<IServiceProviderIsService>()?.IsService(typeof(WebSocketHandlerRunner)) == false)
        {
            throw new InvalidOperationException(
                "ChatKit's services are not registered. Call builder.Services.AddChatKit() before builder.Build().");
        }
    }
}
