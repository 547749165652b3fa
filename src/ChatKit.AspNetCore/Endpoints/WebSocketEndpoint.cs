using System.IO.Pipelines;
using System.Net.WebSockets;
using ChatKit.AspNetCore.Sockets;
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
internal sealed class WebSocketEndpoint
{
    /// <summary>The platform has no name for this code (https://www.iana.org/assignments/websocket).</summary>
    private const WebSocketCloseStatus TryAgainLater = (WebSocketCloseStatus)1013;

    private readonly Admission _admission;

    /// <summary>Null if clients connect with WebSockets only.</summary>
    private readonly HttpEndpoint? _http;

    private readonly WebSocketHandlerRunner _runner;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _closeTimeout;
    private readonly WebSocketEndpointOptions _options;
    private readonly Func<IServiceProvider, WebSocketHandler> _createHandler;

    public WebSocketEndpoint(
        string pattern,
        Func<IServiceProvider, WebSocketHandler> createHandler,
        WebSocketEndpointOptions options,
        IServiceProvider services)
    {
        _admission = new Admission(pattern, options, services, services.GetRequiredService<ILogger<WebSocketEndpoint>>());
        (_createHandler, _options) = (createHandler, options);
        _runner = services.GetRequiredService<WebSocketHandlerRunner>();
        if (OperatingSystem.IsLinux() && options.DirectTransport)
            _runner.Batching ??= services.GetService<IWriteBatching>() ?? ActivatorUtilities.CreateInstance<SendBatches>(services);
        _clock = services.GetRequiredService<TimeProvider>();
        _closeTimeout = services.GetRequiredService<IOptions<ChatKitOptions>>().Value.CloseTimeout;
        if (options.Transports != ChatTransports.WebSockets)
            _http = new HttpEndpoint(createHandler, options, _admission, _runner);
    }

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
            return _admission.RefuseBadRequestAsync(context, fault);
        if (!context.WebSockets.IsWebSocketRequest)
            return _http is null ? Refusal.AnswerPlainRequestAsync(context) : _http.AnswerAsync(context);
        if ((_options.Transports & ChatTransports.WebSockets) == 0)
            return _admission.RefuseBadRequestAsync(context, "This endpoint does not accept WebSockets.");
        if (_admission.Refuse(context) is { } refused)
            return refused;
        if (_admission.RefuseRoom(context, out var room) is { } unnamed)
            return unnamed;

        var subprotocol = SubprotocolOf(context);
        var resumeAfter = ResumePositions.None;
        IReadOnlyCollection<string> formerIds = [];
        if (subprotocol == ChatKitSubprotocol.V1
            && (!ResumePositions.TryRead(context.Request.Query, out resumeAfter, out var problem)
                || !FormerConnections.TryRead(context.Request.Query, out formerIds, out problem)))
        {
            _admission.Metrics.RefusedBadRequest();
            return CloseAtOnceAsync(context, subprotocol, WebSocketCloseStatus.PolicyViolation, problem);
        }

        var deflate = _options.EnableCompression ? AgreeOnDeflate(context) : null;
        var resumesByFrame = subprotocol == ChatKitSubprotocol.V1 && ResumePositions.FollowByFrame(context.Request.Query);
        var opening = _admission.Opening(context);
        var info = _admission.Describe(context, room, subprotocol, resumeAfter, formerIds, opening, resumesByFrame, deflate);
        return opening is not null && _options.DirectTransport && PipeOf(context) is not null
            ? opening.RunAsync(context.Features, () => RunCountedAsync(context, info))
            : RunCountedAsync(context, info);
    }

    private static IDuplexPipe? PipeOf(HttpContext context) =>
        DirectTransport.Pipe(context.Features.GetRequiredFeature<TransportCapture>().Upgrade, context.Features);

    private Task RunCountedAsync(HttpContext context, WebSocketConnectionInfo info) => _admission.CountsConnections
        ? _admission.RunAsync(context, info.UserId, () => RunAsync(context, info), reason => RefuseUserAsync(context, info, reason))
        : RunAsync(context, info);

    private Task RefuseUserAsync(HttpContext context, WebSocketConnectionInfo info, string reason)
    {
        context.Response.Headers.Remove(HeaderNames.SecWebSocketExtensions);
        return CloseAtOnceAsync(context, info.Subprotocol, TryAgainLater, reason);
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
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _admission.Stopping);
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
        return offered.Count == 0 ? null : _options.Subprotocols.Append(ChatKitSubprotocol.V1).FirstOrDefault(offered.Contains);
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
        var features = context.Features;
        if (!_options.DirectTransport || PipeOf(context) is not { } pipe)
            return _runner.RunAsync(features.GetRequiredFeature<TransportCapture>().Stream!, info, _options, _createHandler);

        // After a read, this endpoint only parses frames, which takes little time unless they are compressed.
        if (pipe.Input is PolledReader reader)
            reader.RunsInline = !info.Deflate;
        return _runner.RunAsync(pipe, DirectTransport.Socket(pipe, features), info, _options, _createHandler);
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
}
