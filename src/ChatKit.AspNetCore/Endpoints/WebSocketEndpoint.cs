using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net.WebSockets;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>Handles the requests of one mapped endpoint. It refuses a request, or upgrades it and runs the connection until it ends.</summary>
internal sealed class WebSocketEndpoint(
    string pattern,
    Func<IServiceProvider, WebSocketHandler> createHandler,
    WebSocketEndpointOptions options,
    IServiceProvider services)
{
    /// <summary>The time in seconds that the browser client also waits after 1013.</summary>
    private const string RetryAfter = "5";

    /// <summary>The platform has no name for this code (https://www.iana.org/assignments/websocket).</summary>
    private const WebSocketCloseStatus TryAgainLater = (WebSocketCloseStatus)1013;

    private static readonly TimeSpan FullLogInterval = TimeSpan.FromMinutes(1);

    private readonly OriginPolicy _origins = new(options.AllowedOrigins);
    private readonly WebSocketHandlerRunner _runner = services.GetRequiredService<WebSocketHandlerRunner>();
    private readonly CancellationToken _stopping =
        services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;

    /// <summary>In whole seconds (RFC 9110 section 10.2.3). When this node's connections are closed, another node can accept new ones.</summary>
    private readonly string _retryAfter = Math.Max(
        1, Math.Ceiling(services.GetRequiredService<IOptions<ChatKitOptions>>().Value.DrainTime.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    /// <summary>Null if there is no limit, so that no state is kept for each client.</summary>
    private readonly ConnectionCounts? _counts = options.MaxConnections is null && options.MaxConnectionsPerUser is null
        ? null
        : new ConnectionCounts(options.MaxConnections, options.MaxConnectionsPerUser);

    private readonly Func<ClaimsPrincipal, string?> _userId = services.GetRequiredService<IOptions<ChatKitOptions>>().Value.UserId;
    private readonly TimeProvider _clock = services.GetRequiredService<TimeProvider>();
    private readonly TimeSpan _closeTimeout = services.GetRequiredService<IOptions<ChatKitOptions>>().Value.CloseTimeout;
    private long _fullLoggedAt;

    private readonly EndpointMetrics _metrics = new(services.GetService<IMeterFactory>());

    private readonly ILogger _logger = services.GetRequiredService<ILogger<WebSocketEndpoint>>();

    /// <summary>Builds the endpoint's own small pipeline, so that the application doesn't have to call <c>UseWebSockets()</c>.</summary>
    public RequestDelegate Build(IApplicationBuilder pipeline)
    {
        pipeline.Use(CaptureTransport);
        pipeline.UseWebSockets(new Microsoft.AspNetCore.Builder.WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });
        pipeline.Run(AnswerAsync);
        return pipeline.Build();
    }

    private static Task CaptureTransport(HttpContext context, RequestDelegate next)
    {
        var features = context.Features;
        var capture = new TransportCapture(features.Get<IHttpUpgradeFeature>(), features.Get<IHttpExtendedConnectFeature>());
        features.Set(capture);
        features.Set<IHttpUpgradeFeature>(capture);
        features.Set<IHttpExtendedConnectFeature>(capture);

        // If the application has called UseWebSockets() itself, its feature would bypass the capture.
        features.Set<IHttpWebSocketFeature>(null);
        return next(context);
    }

    private Task AnswerAsync(HttpContext context)
    {
        if (Handshake.Problem(context) is { } fault)
        {
            _metrics.RefusedBadRequest();
            return Refusal.AnswerAsync(context, StatusCodes.Status400BadRequest, fault);
        }

        if (!context.WebSockets.IsWebSocketRequest)
            return Refusal.AnswerPlainRequestAsync(context);

        if (_stopping.IsCancellationRequested)
            return RefuseWhileStoppingAsync(context);

        if (!_origins.Allows(context.Request))
        {
            _metrics.RefusedOrigin();
            _logger.OriginRefused(context.Request.Headers.Origin.ToString(), pattern, context.Request.Host.Value);
            return Refusal.AnswerAsync(
                context,
                StatusCodes.Status403Forbidden,
                $"The origin of this page is not allowed. To allow it, add it to {nameof(WebSocketEndpointOptions)}."
                + $"{nameof(WebSocketEndpointOptions.AllowedOrigins)} in MapWebSocketHandler. Behind a reverse proxy that changes the host, "
                + "restore the host with UseForwardedHeaders().");
        }

        var room = options.HomeRoom(context);
        if (!RoomName.IsValid(room, out var problem))
        {
            _metrics.RefusedRoom();
            return Refusal.AnswerAsync(context, StatusCodes.Status400BadRequest, problem);
        }

        var subprotocol = SubprotocolOf(context);
        var resumeAfter = ResumePositions.None;
        IReadOnlyCollection<string> formerIds = [];
        if (subprotocol == ChatKitSubprotocol.V1
            && (!ResumePositions.TryRead(context.Request.Query, out resumeAfter, out problem)
                || !FormerConnections.TryRead(context.Request.Query, out formerIds, out problem)))
        {
            _metrics.RefusedBadRequest();
            return CloseAtOnceAsync(context, subprotocol, WebSocketCloseStatus.PolicyViolation, problem);
        }

        var deflate = options.EnableCompression ? AgreeOnDeflate(context) : null;
        var info = new WebSocketConnectionInfo
        {
            Room = room,
            Abort = context.Abort,
            User = context.User,
            UserId = _userId(context.User) is { Length: > 0 } user ? user : null,
            ExpiresAt = ExpiryOf(context),
            RouteValues = context.Request.RouteValues,
            Subprotocol = subprotocol,
            ResumeAfter = ResumePositions.MessagesOf(resumeAfter),
            ResumeRevisions = ResumePositions.RevisionsOf(resumeAfter),
            FormerIds = formerIds,
            ResumesByFrame = subprotocol == ChatKitSubprotocol.V1 && ResumePositions.FollowByFrame(context.Request.Query),
            Deflate = deflate is not null,
            DeflateWindowBits = deflate?.ServerWindowBits ?? DeflateNegotiation.MaxWindowBits,
            Items = [KeyValuePair.Create<object, object?>(typeof(HttpContext), context)],
        };
        return _counts is null ? RunAsync(context, info) : RunCountedAsync(_counts, context, info);
    }

    /// <summary>Runs the connection if the limits allow it. It counts until it has ended, even if it fails.</summary>
    private async Task RunCountedAsync(ConnectionCounts counts, HttpContext context, WebSocketConnectionInfo info)
    {
        // Checked first, so that refusing a user's connection doesn't use up the place of another client.
        var user = info.UserId;
        if (!counts.TryEnter(user))
        {
            await RefuseUserAsync(context, info).ConfigureAwait(false);
            return;
        }

        try
        {
            if (!counts.TryEnter())
            {
                context.Response.Headers.Remove(HeaderNames.SecWebSocketExtensions);
                await RefuseFullAsync(context).ConfigureAwait(false);
                return;
            }

            try
            {
                await RunAsync(context, info).ConfigureAwait(false);
            }
            finally
            {
                counts.Leave();
            }
        }
        finally
        {
            counts.Leave(user);
        }
    }

    private Task RefuseFullAsync(HttpContext context)
    {
        _metrics.RefusedLimit();

        // Clients retry continually, and logging each attempt would fill the log.
        var (now, last) = (_clock.GetTimestamp(), Volatile.Read(ref _fullLoggedAt));
        if ((last == 0 || _clock.GetElapsedTime(last, now) >= FullLogInterval)
            && Interlocked.CompareExchange(ref _fullLoggedAt, now, last) == last)
            _logger.EndpointFull(pattern, options.MaxConnections.GetValueOrDefault());

        context.Response.Headers.RetryAfter = RetryAfter;
        return Refusal.AnswerAsync(
            context,
            StatusCodes.Status503ServiceUnavailable,
            $"This endpoint has reached its limit of {options.MaxConnections} connections. Try again later.");
    }

    private Task RefuseUserAsync(HttpContext context, WebSocketConnectionInfo info)
    {
        _metrics.RefusedUserLimit();
        _logger.UserFull(pattern, options.MaxConnectionsPerUser.GetValueOrDefault());
        context.Response.Headers.Remove(HeaderNames.SecWebSocketExtensions);
        return CloseAtOnceAsync(
            context, info.Subprotocol, TryAgainLater, $"this user already has {options.MaxConnectionsPerUser} connections");
    }

    /// <summary>
    /// Accepts and closes the connection immediately, because a page's script can't read the answer to a handshake and would retry
    /// indefinitely. The platform's WebSocket does this; the connection has no handler and joins no room.
    /// </summary>
    private async Task CloseAtOnceAsync(HttpContext context, string? subprotocol, WebSocketCloseStatus status, string reason)
    {
        try
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync(subprotocol).ConfigureAwait(false);
            using var timeout = new CancellationTokenSource(_closeTimeout, _clock);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopping);
            await socket.CloseAsync(status, reason, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The client doesn't answer, or has disconnected.
        }
    }

    /// <summary>Selects the subprotocol. The application's own take precedence.</summary>
    private string? SubprotocolOf(HttpContext context)
    {
        var offered = context.WebSockets.WebSocketRequestedProtocols;
        return offered.Count == 0 ? null : options.Subprotocols.Append(ChatKitSubprotocol.V1).FirstOrDefault(offered.Contains);
    }

    /// <summary>
    /// Accepts and runs the connection. No state of the handshake is kept meanwhile, because most connections are long-lived and idle.
    /// </summary>
    private Task RunAsync(HttpContext context, WebSocketConnectionInfo info)
    {
        var accepting = context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = info.Subprotocol,
            KeepAliveInterval = Timeout.InfiniteTimeSpan,
        });
        return accepting.IsCompletedSuccessfully ? RunAcceptedAsync(context, info) : RunOnceAcceptedAsync(accepting, context, info);
    }

    private async Task RunOnceAcceptedAsync(Task accepting, HttpContext context, WebSocketConnectionInfo info)
    {
        await accepting.ConfigureAwait(false);
        await RunAcceptedAsync(context, info).ConfigureAwait(false);
    }

    /// <summary>Runs an accepted connection. It reads and writes its frames itself and doesn't use the platform's WebSocket.</summary>
    private Task RunAcceptedAsync(HttpContext context, WebSocketConnectionInfo info)
    {
        var capture = context.Features.GetRequiredFeature<TransportCapture>();
        return options.DirectTransport && DirectTransport.Pipe(capture.Upgrade, context.Features) is { } pipe
            ? _runner.RunAsync(pipe, DirectTransport.Socket(pipe, context.Features), info, options, createHandler)
            : _runner.RunAsync(capture.Stream!, info, options, createHandler);
    }

    /// <summary>Negotiates compression. The platform sends the result with its answer to the handshake.</summary>
    private static DeflateAgreement? AgreeOnDeflate(HttpContext context)
    {
        var agreement = DeflateNegotiation.Answer(context.Request.Headers.GetCommaSeparatedValues(HeaderNames.SecWebSocketExtensions));

        // Don't set the header to null: over HTTP/2, Kestrel would then lose the subprotocol too.
        if (agreement is not null)
            context.Response.Headers.SecWebSocketExtensions = agreement.Header;
        return agreement;
    }

    /// <summary>Returns the time at which the user's credentials expire; null if the client is anonymous, or if they don't expire.</summary>
    private DateTimeOffset? ExpiryOf(HttpContext context) => options.CloseOnAuthenticationExpiration
        ? context.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc
        : null;

    private Task RefuseWhileStoppingAsync(HttpContext context)
    {
        _metrics.RefusedStopping();
        context.Response.Headers.RetryAfter = _retryAfter;
        return Refusal.AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "The server is restarting. Connect again in a moment.");
    }
}
