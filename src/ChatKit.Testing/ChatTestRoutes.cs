using System.Diagnostics.CodeAnalysis;
using ChatKit.Testing.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Testing;

/// <summary>Maps the handlers of a <see cref="ChatTestServer"/> to routes.</summary>
public sealed class ChatTestRoutes
{
    private readonly List<TestEndpoint> _endpoints = [];

    internal ChatTestRoutes()
    {
    }

    /// <summary>
    /// Maps a handler to a route, as <c>MapWebSocketHandler</c> does in ASP.NET Core. A client's home room is named by the route value
    /// <c>room</c>, or else by the pattern.
    /// </summary>
    /// <typeparam name="THandler">The handler. Each connection has its own instance, created from its own service scope.</typeparam>
    /// <param name="pattern">The route's pattern, of literals and parameters, such as <c>/chat/{room}</c>. Constraints aren't supported.</param>
    /// <param name="configure">Configures the options of the connections.</param>
    /// <returns>This object, to map more handlers.</returns>
    /// <exception cref="ArgumentException">The pattern isn't supported.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of range.</exception>
    public ChatTestRoutes Map<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        string pattern, Action<WebSocketConnectionOptions>? configure = null)
        where THandler : WebSocketHandler
    {
        ArgumentNullException.ThrowIfNull(pattern);
        var options = new WebSocketConnectionOptions();
        configure?.Invoke(options);
        options.Validate();
        var create = ActivatorUtilities.CreateFactory<THandler>(Type.EmptyTypes);
        _endpoints.Add(new TestEndpoint(new RoutePattern(pattern), options, services => create(services, [])));
        return this;
    }

    internal (TestEndpoint Endpoint, IReadOnlyDictionary<string, object?> Values) Find(string path)
    {
        foreach (var endpoint in _endpoints)
        {
            if (endpoint.Pattern.Match(path) is { } values)
                return (endpoint, values);
        }

        throw new ArgumentException(
            $"No handler is mapped to '{path}'. Mapped are: {string.Join(", ", _endpoints.Select(static endpoint => $"'{endpoint.Pattern}'"))}.",
            nameof(path));
    }
}
