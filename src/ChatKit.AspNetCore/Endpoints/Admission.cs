using System.Diagnostics.Metrics;
using System.Globalization;
using System.Security.Claims;
using ChatKit.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>Decides, in the same way for all ways in, which requests an endpoint answers, and describes their clients.</summary>
internal sealed class Admission(string pattern, WebSocketEndpointOptions options, IServiceProvider services, ILogger logger)
{
    /// <summary>The time in seconds that the browser client also waits after 1013.</summary>
    private const string RetryAfter = "5";

    private static readonly TimeSpan FullLogInterval = TimeSpan.FromMinutes(1);

    private readonly OriginPolicy _origins = new(options.AllowedOrigins);

    /// <summary>In whole seconds (RFC 9110 section 10.2.3). When this node's connections are closed, another node can accept new ones.</summary>
    private readonly string _retryAfter = Math.Max(
        1, Math.Ceiling(services.GetRequiredService<IOptions<ChatKitOptions>>().Value.DrainTime.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    /// <summary>Null if there is no limit, so that no state is kept for each client.</summary>
    private readonly ConnectionCounts? _counts = options.MaxConnections is null && options.MaxConnectionsPerUser is null
        ? null
        : new ConnectionCounts(options.MaxConnections, options.MaxConnectionsPerUser);

    private readonly Func<ClaimsPrincipal, string?> _userId = services.GetRequiredService<IOptions<ChatKitOptions>>().Value.UserId;
    private readonly TimeProvider _clock = services.GetRequiredService<TimeProvider>();

    /// <summary>The execution context in which the application maps its endpoints.</summary>
    private readonly ExecutionContext? _clean = ExecutionContext.Capture();
    private long _fullLoggedAt;

    public EndpointMetrics Metrics { get; } = new(services.GetService<IMeterFactory>());

    /// <summary>Canceled when the host stops.</summary>
    public CancellationToken Stopping { get; } =
        services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;

    /// <summary>Refuses a request that no way in accepts: of a page of another site, or while the host stops. Returns null if it is accepted.</summary>
    public Task? Refuse(HttpContext context)
    {
        if (Stopping.IsCancellationRequested)
        {
            Metrics.RefusedStopping();
            context.Response.Headers.RetryAfter = _retryAfter;
            return Refusal.AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "The server is restarting. Connect again in a moment.");
        }

        if (_origins.Allows(context.Request))
            return null;
        Metrics.RefusedOrigin();
        logger.OriginRefused(context.Request.Headers.Origin.ToString(), pattern, context.Request.Host.Value);
        return Refusal.AnswerAsync(
            context,
            StatusCodes.Status403Forbidden,
            $"The origin of this page is not allowed. To allow it, add it to {nameof(WebSocketEndpointOptions)}."
            + $"{nameof(WebSocketEndpointOptions.AllowedOrigins)} in MapWebSocketHandler. Behind a reverse proxy that changes the host, "
            + "restore the host with UseForwardedHeaders().");
    }

    /// <summary>Finds the client's home room, or refuses the request. Returns null if it is accepted.</summary>
    public Task? RefuseRoom(HttpContext context, out string room)
    {
        room = options.HomeRoom(context)!;
        if (RoomName.IsValid(room, out var problem))
            return null;
        Metrics.RefusedRoom();
        return Refusal.AnswerAsync(context, StatusCodes.Status400BadRequest, problem);
    }

    /// <summary>Answers a request whose query is wrong.</summary>
    public Task RefuseBadRequestAsync(HttpContext context, string problem)
    {
        Metrics.RefusedBadRequest();
        return Refusal.AnswerAsync(context, StatusCodes.Status400BadRequest, problem);
    }

    /// <summary>The id of the request's user; null if the client is anonymous.</summary>
    public string? UserIdOf(HttpContext context) => _userId(context.User) is { Length: > 0 } user ? user : null;

    /// <summary>Describes the client of an accepted request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="room">The client's home room.</param>
    /// <param name="subprotocol">The subprotocol; null for none.</param>
    /// <param name="after">The client's last position in each room.</param>
    /// <param name="formerIds">The ids of the client's earlier connections.</param>
    /// <param name="opening">The request, if it ends when the handler has opened; otherwise null.</param>
    /// <param name="resumesByFrame">Whether the client sends more positions later.</param>
    /// <param name="deflate">The agreement on compression; null if there is none.</param>
    public WebSocketConnectionInfo Describe(
        HttpContext context,
        string room,
        string? subprotocol,
        IReadOnlyDictionary<string, StreamPosition> after,
        IReadOnlyCollection<string> formerIds,
        OpeningRequest? opening,
        bool resumesByFrame = false,
        DeflateAgreement? deflate = null) => new()
        {
            Room = room,
            Abort = opening is null ? context.Abort : AbortOf(context),
            User = IsNobody(context.User) ? null : context.User,
            UserId = UserIdOf(context),
            ExpiresAt = ExpiryOf(context),
            RouteValues = context.Request.RouteValues,
            Subprotocol = subprotocol,
            ResumeAfter = ResumePositions.MessagesOf(after),
            ResumeRevisions = ResumePositions.RevisionsOf(after),
            FormerIds = formerIds,
            ResumesByFrame = resumesByFrame,
            Deflate = deflate is not null,
            DeflateWindowBits = deflate?.ServerWindowBits ?? DeflateNegotiation.MaxWindowBits,
            Items = [KeyValuePair.Create<object, object?>(typeof(HttpContext), opening is null ? context : (Func<HttpContext>)opening.Context)],
            Opened = opening is null ? null : opening.OnOpened,
        };

    /// <summary>Returns the request of a connection if it ends when the handler has opened; otherwise null.</summary>
    public OpeningRequest? Opening(HttpContext context) =>
        context.Features.Get<DetachableConnection>() is { } connection ? new OpeningRequest(context, connection, _clean) : null;

    /// <summary>Aborts the connection of an HTTP/1.1 request, which outlives the request.</summary>
    private static Action AbortOf(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true
        && context.Features.Get<IConnectionLifetimeFeature>() is { } connection
            ? connection.Abort
            : context.Abort;

    /// <summary>Whether nothing is known about a user. Most anonymous connections never ask for theirs.</summary>
    private static bool IsNobody(ClaimsPrincipal user) =>
        user.GetType() == typeof(ClaimsPrincipal)
        && user.Identities.All(static one => one.GetType() == typeof(ClaimsIdentity) && !one.IsAuthenticated && !one.Claims.Any());

    /// <summary>Returns the time at which the user's credentials expire; null if the client is anonymous, or if they don't expire.</summary>
    private DateTimeOffset? ExpiryOf(HttpContext context) => options.CloseOnAuthenticationExpiration
        ? context.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc
        : null;

    /// <summary>Runs a connection if the limits allow it. It counts until it has ended, even if it fails.</summary>
    /// <param name="context">The request.</param>
    /// <param name="userId">The user's id; null if the client is anonymous.</param>
    /// <param name="run">Runs the connection.</param>
    /// <param name="refuseUser">Refuses the connection because its user has too many.</param>
    public Task RunAsync(HttpContext context, string? userId, Func<Task> run, Func<string, Task> refuseUser) =>
        _counts is null ? run() : RunCountedAsync(_counts, context, userId, run, refuseUser);

    /// <summary>Whether connections are counted, so that <see cref="RunAsync"/> is needed.</summary>
    public bool CountsConnections => _counts is not null;

    /// <summary>Answers a request with 503, because its user has too many connections.</summary>
    public static Task AnswerUserFullAsync(HttpContext context, string reason)
    {
        context.Response.Headers.RetryAfter = RetryAfter;
        return Refusal.AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, $"Try again later: {reason}.");
    }

    private async Task RunCountedAsync(
        ConnectionCounts counts, HttpContext context, string? userId, Func<Task> run, Func<string, Task> refuseUser)
    {
        // Checked first, so that refusing a user's connection doesn't use up the place of another client.
        if (!counts.TryEnter(userId))
        {
            Metrics.RefusedUserLimit();
            logger.UserFull(pattern, options.MaxConnectionsPerUser.GetValueOrDefault());
            await refuseUser($"this user already has {options.MaxConnectionsPerUser} connections").ConfigureAwait(false);
            return;
        }

        try
        {
            if (!counts.TryEnter())
            {
                await RefuseFullAsync(context).ConfigureAwait(false);
                return;
            }

            try
            {
                await run().ConfigureAwait(false);
            }
            finally
            {
                counts.Leave();
            }
        }
        finally
        {
            counts.Leave(userId);
        }
    }

    private Task RefuseFullAsync(HttpContext context)
    {
        Metrics.RefusedLimit();

        // Clients retry continually, and logging each attempt would fill the log.
        var (now, last) = (_clock.GetTimestamp(), Volatile.Read(ref _fullLoggedAt));
        if ((last == 0 || _clock.GetElapsedTime(last, now) >= FullLogInterval)
            && Interlocked.CompareExchange(ref _fullLoggedAt, now, last) == last)
            logger.EndpointFull(pattern, options.MaxConnections.GetValueOrDefault());

        context.Response.Headers.Remove(HeaderNames.SecWebSocketExtensions);
        context.Response.Headers.RetryAfter = RetryAfter;
        return Refusal.AnswerAsync(
            context,
            StatusCodes.Status503ServiceUnavailable,
            $"This endpoint has reached its limit of {options.MaxConnections} connections. Try again later.");
    }
}
