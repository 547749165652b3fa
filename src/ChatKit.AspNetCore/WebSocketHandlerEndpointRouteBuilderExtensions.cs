using System.Diagnostics.CodeAnalysis;
using ChatKit;
using ChatKit.AspNetCore.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps WebSocket handlers to routes.</summary>
public static class WebSocketHandlerEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps a handler to a route. The route value <c>room</c>, or the pattern if it has none, names the room that a client
    /// joins, unless <see cref="WebSocketEndpointOptions.HomeRoom"/> says otherwise; the prefixes of route groups are part of the pattern.
    /// </summary>
    /// <typeparam name="THandler">The handler. Each connection has its own, created from its own service scope.</typeparam>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">The route's pattern, such as <c>/chat/{room}</c>.</param>
    /// <param name="configure">
    /// Changes the endpoint's options. It starts from what <c>services.Configure&lt;WebSocketEndpointOptions&gt;(…)</c> says for all endpoints.
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

        // What the application has configured for all endpoints, and then what it says of this one. The lists are this endpoint's own.
        var options = services.GetRequiredService<IOptionsFactory<WebSocketEndpointOptions>>().Create(Options.DefaultName);
        options.AllowedOrigins = [.. options.AllowedOrigins];
        options.Subprotocols = [.. options.Subprotocols];
        configure?.Invoke(options);
        options.Validate();
        if (options.AllowedOrigins.Contains(OriginPolicy.Any))
            services.GetRequiredService<ILogger<WebSocketEndpoint>>().AnyOriginAllowed(pattern);

        var factory = ActivatorUtilities.CreateFactory<THandler>(Type.EmptyTypes);
        var endpoint = new WebSocketEndpoint(pattern, provider => factory(provider, []), options, services);

        // CONNECT is how HTTP/2 opens a WebSocket (RFC 8441). A connection lasts longer than any request may. A client that is not logged
        // in is told so with 401: it would follow no redirect to a page.
        return endpoints
            .MapMethods(pattern, [HttpMethods.Get, HttpMethods.Connect], endpoint.Build(endpoints.CreateApplicationBuilder()))
            .WithDisplayName($"WebSocket {pattern}")
            .WithMetadata(new DisableRequestTimeoutAttribute())
            .DisableCookieRedirect();
    }

    private static void ThrowIfNotAdded(IServiceProvider services)
    {
        if (services.GetService<IServiceProviderIsService>()?.IsService(typeof(WebSocketHandlerRunner)) == false)
        {
            throw new InvalidOperationException(
                "ChatKit's services are missing. Call builder.Services.AddChatKit() before builder.Build().");
        }
    }
}
