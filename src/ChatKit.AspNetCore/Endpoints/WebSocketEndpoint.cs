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

/// <summary>Answers the requests of one mapped endpoint: refuses, or upgrades and runs the connection to its end.</summary>
internal sealed class WebSocketEndpoint(
    string pattern,
    Func<IServiceProvider, WebSocketHandler> createHandler,
    WebSocketEndpointOptions options,
    IServiceProvider services)
{
    /// <summary>In seconds; as long as the browser client waits after 1013.</summary>
    private const string RetryAfter = "5";

    /// <summary>Not among the platform's names (https://www.iana.org/assignments/websocket).</summary>
    private const WebSocketCloseStatus TryAgainLater = (WebSocketCloseStatus)1013;

    private static readonly TimeSpan ToldFullInterval = TimeSpan.FromMinutes(1);

    private readonly OriginPolicy _origins = new(options.AllowedOrigins);
    private readonly WebSocketHandlerRunner _runner = services.GetRequiredService<WebSocketHandlerRunner>();
    private readonly CancellationToken _stopping =
        services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;

    /// <summary>In whole seconds (RFC 9110 section 10.2.3). When those that were here have been let go, new ones may be taken somewhere.</summary>
    private readonly string _retryAfter = Math.Max(
        1, Math.Ceiling(services.GetRequiredService<IOptions<ChatKitOptions>>().Value.DrainTime.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    /// <summary>Null if any number of clients may connect: then nothing is held for each.</summary>
    private readonly ConnectionCounts? _counts = options.MaxConnections is null && options.MaxConnectionsPerUser is null
        ? null
        : new ConnectionCounts(options.MaxConnections, options.MaxConnectionsPerUser);

    private readonly Func<ClaimsPrincipal, string?> _userId = services.GetRequiredService<IOptions<ChatKitOptions>>().Value.UserId;
    private readonly TimeProvider _clock = services.GetRequiredService<TimeProvider>();
    private readonly TimeSpan _closeTimeout = services.GetRequiredService<IOptions<ChatKitOptions>>().Value.CloseTimeout;
    private long _toldFull;

    private readonly ILogger _logger = services.GetRequiredService<ILogger<WebSocketEndpoint>>();

    /// <summary>Builds the endpoint's own small pipeline, so that the application need not call <c>UseWebSockets()</c>.</summary>
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

        // If the application has called UseWebSockets() itself, its feature upgrades past the capture.
        features.Set<IHttpWebSocketFeature>(null);
        return next(context);
    }

    private Task AnswerAsync(HttpContext context)
    {
        if (Handshake.Problem(context) is { } flaw)
            return RefuseAsync(context, StatusCodes.Status400BadRequest, flaw);
        if (!context.WebSockets.IsWebSocketRequest)
            return RefusePlainRequestAsync(context);

        if (_stopping.IsCancellationRequested)
            return RefuseWhileStoppingAsync(context);

        if (!_origins.Allows(context.Request))
        {
            _logger.OriginRefused(context.Request.Headers.Origin.ToString(), pattern, context.Request.Host.Value);
            return RefuseAsync(
                context,
                StatusCodes.Status403Forbidden,
                $"This page's origin may not connect. To allow it, add it to {nameof(WebSocketEndpointOptions)}."
                + $"{nameof(WebSocketEndpointOptions.AllowedOrigins)} in MapWebSocketHandler. Behind a reverse proxy that changes the host, "
                + "restore the host with UseForwardedHeaders().");
        }

        var room = options.HomeRoom(context);
        if (!RoomName.IsValid(room, out var problem))
            return RefuseAsync(context, StatusCodes.Status400BadRequest, problem);

        var subprotocol = SubprotocolOf(context);
        var resumeAfter = ResumePositions.None;
        if (subprotocol == ChatKitSubprotocol.V1 && !ResumePositions.TryRead(context.Request.Query, out resumeAfter, out problem))
            return CloseAtOnceAsync(context, subprotocol, WebSocketCloseStatus.PolicyViolation, problem);

        IReadOnlyCollection<string> formerIds = [];
        if (subprotocol == ChatKitSubprotocol.V1 && !FormerConnections.TryRead(context.Request.Query, out formerIds, out problem))
            return CloseAtOnceAsync(context, subprotocol, WebSocketCloseStatus.PolicyViolation, problem);

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
            ResumeAfter = resumeAfter,
            FormerIds = formerIds,
            ResumesByFrame = ResumePositions.FollowByFrame(context.Request.Query),
            Deflate = deflate is not null,
            DeflateWindowBits = deflate?.ServerWindowBits ?? DeflateNegotiation.MaxWindowBits,
            Items = [KeyValuePair.Create<object, object?>(typeof(HttpContext), context)],
        };
        return _counts is null ? RunAsync(context, info) : RunCountedAsync(_counts, context, info);
    }

    /// <summary>Runs the connection if there are not too many. It counts until it has ended, however it does.</summary>
    private async Task RunCountedAsync(ConnectionCounts counts, HttpContext context, WebSocketConnectionInfo info)
    {
        // Who is refused for having too many must not take the place of others for as long as that takes.
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
        // Clients try again and again: a line for each would fill the log.
        var (now, told) = (_clock.GetTimestamp(), Volatile.Read(ref _toldFull));
        if ((told == 0 || _clock.GetElapsedTime(told, now) >= ToldFullInterval)
            && Interlocked.CompareExchange(ref _toldFull, now, told) == told)
            _logger.EndpointFull(pattern, options.MaxConnections.GetValueOrDefault());

        context.Response.Headers.RetryAfter = RetryAfter;
        return RefuseAsync(
            context,
            StatusCodes.Status503ServiceUnavailable,
            $"This server has {options.MaxConnections} connections here already, and takes no more. Try again later.");
    }

    private Task RefuseUserAsync(HttpContext context, WebSocketConnectionInfo info)
    {
        _logger.UserFull(pattern, options.MaxConnectionsPerUser.GetValueOrDefault());
        context.Response.Headers.Remove(HeaderNames.SecWebSocketExtensions);
        return CloseAtOnceAsync(
            context, info.Subprotocol, TryAgainLater, $"this user has {options.MaxConnectionsPerUser} connections already");
    }

    /// <summary>
    /// Accepts and closes at once, because the script of a page cannot read what a handshake is answered with, and would try again for
    /// ever. The platform's WebSocket sees to that; the connection has no handler, and is in no room.
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
            // It does not answer, or is gone.
        }
    }

    /// <summary>The application's own come first.</summary>
    private string? SubprotocolOf(HttpContext context)
    {
        var offered = context.WebSockets.WebSocketRequestedProtocols;
        return offered.Count == 0 ? null : options.Subprotocols.Append(ChatKitSubprotocol.V1).FirstOrDefault(offered.Contains);
    }

    /// <summary>Accepts and runs. Nothing of the accepting is held while the connection lives: most of them live long, and idle.</summary>
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

    /// <summary>The platform's WebSocket is left alone: the connection reads and writes its frames itself.</summary>
    private Task RunAcceptedAsync(HttpContext context, WebSocketConnectionInfo info)
    {
        var capture = context.Features.GetRequiredFeature<TransportCapture>();
        return options.DirectTransport && DirectTransport.Pipe(capture.Upgrade, context.Features) is { } pipe
            ? _runner.RunAsync(pipe, DirectTransport.Socket(pipe, context.Features), info, options, createHandler)
            : _runner.RunAsync(capture.Stream!, info, options, createHandler);
    }

    /// <summary>Negotiates here what the platform then sends with its answer to the handshake.</summary>
    private static DeflateAgreement? AgreeOnDeflate(HttpContext context)
    {
        var agreement = DeflateNegotiation.Answer(context.Request.Headers.GetCommaSeparatedValues(HeaderNames.SecWebSocketExtensions));

        // Never set to null: over HTTP/2 Kestrel then loses the subprotocol, too.
        if (agreement is not null)
            context.Response.Headers.SecWebSocketExtensions = agreement.Header;
        return agreement;
    }

    /// <summary>Null if the client is nobody, or will be who it is for as long as it likes.</summary>
    private DateTimeOffset? ExpiryOf(HttpContext context) => options.CloseOnAuthenticationExpiration
        ? context.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc
        : null;

    private static Task RefusePlainRequestAsync(HttpContext context)
    {
        if (context.Features.GetRequiredFeature<TransportCapture>() is { IsUpgradableRequest: false } && AsksForUpgrade(context.Request))
        {
            throw new InvalidOperationException(
                "The server cannot upgrade connections. Run the application on Kestrel, IIS or HTTP.sys; in a test call "
                + "WebApplicationFactory.UseKestrel(), because the in-memory TestServer has no transport to upgrade.");
        }

        // RFC 6455 section 4.4: says which version is spoken. HTTP/2 has no Upgrade header.
        context.Response.Headers.SecWebSocketVersion = "13";
        if (IsHttp1(context.Request))
        {
            context.Response.Headers.Upgrade = "websocket";
            context.Response.Headers.Connection = "Upgrade";
        }

        return RefuseAsync(
            context,
            StatusCodes.Status426UpgradeRequired,
            "This is a WebSocket endpoint (RFC 6455, version 13). Connect to it with a WebSocket client, in a browser: "
            + "new WebSocket(location.href.replace(/^http/, 'ws'))");
    }

    /// <summary>
    /// Whether a server that can upgrade would (RFC 9110 section 7.8). Not so, for one, if a proxy has kept the Upgrade header and
    /// dropped the connection option.
    /// </summary>
    private static bool AsksForUpgrade(HttpRequest request) =>
        HttpProtocol.IsHttp11(request.Protocol)
        && request.Headers.Upgrade.Count > 0
        && request.Headers.GetCommaSeparatedValues(HeaderNames.Connection).Contains("Upgrade", StringComparer.OrdinalIgnoreCase);

    private static bool IsHttp1(HttpRequest request) => HttpProtocol.IsHttp11(request.Protocol) || HttpProtocol.IsHttp10(request.Protocol);

    private Task RefuseWhileStoppingAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = _retryAfter;
        return RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "The server is restarting. Connect again in a moment.");
    }

    private static Task RefuseAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.XContentTypeOptions = "nosniff"; // The text may name what the client has sent.
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }
}
