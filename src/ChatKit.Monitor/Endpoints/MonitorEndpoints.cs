using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ChatKit.Monitor.Nodes;
using ChatKit.Monitor.Reports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.Monitor.Endpoints;

/// <summary>Serves the operators' page, what it shows, and its commands.</summary>
internal sealed class MonitorEndpoints(
    OverviewSource overviews,
    RoomSource rooms,
    AllNodes nodes,
    IRoomBroadcaster broadcaster,
    IOptions<ChatKitOptions> options,
    ILogger<MonitorEndpoints> logger)
{
    /// <summary>Longer than any command.</summary>
    private const int MaxBody = 16 * 1024;

    /// <summary>The longest reason of a close frame, in bytes (RFC 6455 section 5.5).</summary>
    private const int MaxReason = 123;

    private const string DefaultReason = "closed by an operator";

    private const string ContentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private readonly PageFile _page = new("monitor.html", "text/html; charset=utf-8");
    private readonly PageFile _script = new("monitor.js", "text/javascript; charset=utf-8");
    private readonly PageFile _style = new("monitor.css", "text/css; charset=utf-8");
    private readonly PageFile _icon = new("monitor.svg", "image/svg+xml");

    public void Map(IEndpointRouteBuilder group)
    {
        // An operator whose session has ended is sent to the login by the page itself. Its other requests receive 401 and 403.
        group.MapGet("/", Protected(PageAsync)).WithDisplayName("ChatKit monitor");
        group.MapGet("/monitor.js", Protected(_script.WriteAsync)).DisableCookieRedirect();
        group.MapGet("/monitor.css", Protected(_style.WriteAsync)).DisableCookieRedirect();
        group.MapGet("/monitor.svg", Protected(_icon.WriteAsync)).DisableCookieRedirect();
        group.MapGet("/overview", Protected(FromPage(OverviewAsync))).DisableCookieRedirect();
        group.MapGet("/room", Protected(FromPage(RoomAsync))).DisableCookieRedirect();
        MapCommand(group, "/close", ReportJson.Default.CloseCommand, CloseAsync);
        MapCommand(group, "/disconnect", ReportJson.Default.DisconnectCommand, DisconnectAsync);
        MapCommand(group, "/delete", ReportJson.Default.DeleteCommand, DeleteAsync);
    }

    /// <summary>The page's addresses are relative, so its own must end with a slash. Works behind proxies that change the path.</summary>
    private Task PageAsync(HttpContext context)
    {
        var path = (context.Request.PathBase + context.Request.Path).ToUriComponent();
        if (path.EndsWith('/'))
            return _page.WriteAsync(context);
        context.Response.StatusCode = StatusCodes.Status302Found;
        // Without the dot, a segment with a colon, which comes from a route value, would be an address with a scheme.
        context.Response.Headers.Location = $"./{path[(path.LastIndexOf('/') + 1)..]}/";
        return Task.CompletedTask;
    }

    private async Task OverviewAsync(HttpContext context)
    {
        var overview = await overviews.GetAsync(context.Request.Query["text"]).WaitAsync(context.RequestAborted).ConfigureAwait(false);
        await WriteAsync(context, overview, ReportJson.Default.Overview).ConfigureAwait(false);
    }

    private async Task RoomAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var name = query["name"].ToString();
        MessagePosition? before = null;
        if (query.TryGetValue("before", out var text))
        {
            if (!MessagePosition.TryParse(text, out var position))
            {
                await RefuseAsync(context, StatusCodes.Status400BadRequest, "before isn't a position.").ConfigureAwait(false);
                return;
            }

            before = position;
        }

        if (!RoomName.IsValid(name, out var problem))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, problem).ConfigureAwait(false);
            return;
        }

        var view = await rooms.GetAsync(name, before, context.RequestAborted).ConfigureAwait(false);
        await WriteAsync(context, view, ReportJson.Default.RoomView).ConfigureAwait(false);
    }

    // A command is not canceled when the operator leaves: it could be carried out all the same, and must then be in the log.

    private async Task<(int Status, Outcome Outcome)> CloseAsync(HttpContext context, CloseCommand command)
    {
        if (string.IsNullOrEmpty(command.Connection))
            return Bad("connection is missing.");
        if (ReasonProblem(command.Reason) is { } problem)
            return Bad(problem);
        var answers = await nodes
            .AskAsync(QuestionKind.Close, command.Connection, command.Reason ?? DefaultReason, CancellationToken.None).ConfigureAwait(false);
        if (answers.All.Any(static answer => answer.HasClosed))
        {
            logger.ConnectionClosed(OperatorOf(context), command.Connection);
            return Done;
        }

        if (answers is { IsAlone: false, Missing: null or 0 })
            return (StatusCodes.Status404NotFound, new Outcome(Done: false, "No node has this connection. It may have ended."));

        // A node that hasn't answered can have the connection, and can still close it.
        logger.ConnectionMayBeClosed(OperatorOf(context), command.Connection);
        return (
            StatusCodes.Status503ServiceUnavailable,
            new Outcome(Done: false, "Not all nodes have answered. The connection may still be open."));
    }

    private async Task<(int Status, Outcome Outcome)> DisconnectAsync(HttpContext context, DisconnectCommand command)
    {
        if (string.IsNullOrEmpty(command.User))
            return Bad("user is missing.");
        if (ReasonProblem(command.Reason) is { } problem)
            return Bad(problem);
        var reason = command.Reason ?? DefaultReason;
        await broadcaster.DisconnectUserAsync(command.User, reason: reason, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        logger.UserDisconnected(OperatorOf(context), command.User);
        return Done;
    }

    private async Task<(int Status, Outcome Outcome)> DeleteAsync(HttpContext context, DeleteCommand command)
    {
        if (!RoomName.IsValid(command.Room, out var problem))
            return Bad(problem);
        if (!MessagePosition.TryParse(command.Position, out var position))
            return Bad("position isn't a position.");
        var by = options.Value.UserId(context.User);
        if (!await broadcaster.DeleteAsync(command.Room, position, by, CancellationToken.None).ConfigureAwait(false))
            return (StatusCodes.Status404NotFound, new Outcome(Done: false, "The message isn't stored any more, or was deleted already."));
        logger.MessageDeleted(OperatorOf(context), position, command.Room);
        return Done;
    }

    private void MapCommand<T>(
        IEndpointRouteBuilder group, string pattern, JsonTypeInfo<T> type, Func<HttpContext, T, Task<(int, Outcome)>> execute)
        where T : class =>
        group.MapPost(pattern, Protected(FromPage(context => ExecuteAsync(context, type, execute)))).DisableCookieRedirect();

    private async Task ExecuteAsync<T>(HttpContext context, JsonTypeInfo<T> type, Func<HttpContext, T, Task<(int, Outcome)>> execute)
        where T : class
    {
        if (await ReadAsync(context, type).ConfigureAwait(false) is not { } command)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "The body isn't the JSON of this command.").ConfigureAwait(false);
            return;
        }

        try
        {
            var (status, outcome) = await execute(context, command).ConfigureAwait(false);
            overviews.Expire();
            context.Response.StatusCode = status;
            await WriteAsync(context, outcome, ReportJson.Default.Outcome).ConfigureAwait(false);
        }
        catch (HistoryUnavailableException e)
        {
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, e.Message).ConfigureAwait(false);
        }
        catch (NotSupportedException e)
        {
            await RefuseAsync(context, StatusCodes.Status501NotImplemented, e.Message).ConfigureAwait(false);
        }
    }

    private static async Task<T?> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = MaxBody;
        try
        {
            return context.Request.HasJsonContentType()
                ? await context.Request.ReadFromJsonAsync(type, context.RequestAborted).ConfigureAwait(false)
                : null;
        }
        catch (Exception e) when (e is JsonException or BadHttpRequestException or InvalidOperationException)
        {
            // The last one: the content type names an encoding that doesn't exist.
            return null;
        }
    }

    /// <summary>Refuses requests of other sites, also reading: a policy for CORS of the application could let them read the response.</summary>
    private RequestDelegate FromPage(RequestDelegate next) => context =>
    {
        if (SameOrigin.Allows(context.Request))
            return next(context);
        logger.RequestRefused(context.Request.Path.Value, context.Request.Headers.Origin.ToString(), OperatorOf(context));
        return RefuseAsync(
            context, StatusCodes.Status403Forbidden, $"The header {SameOrigin.Header} is missing, or another site has sent the request.");
    };

    /// <summary>The page shows what users have written, so nothing of it may be run, framed or kept.</summary>
    private static RequestDelegate Protected(RequestDelegate next) => context =>
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        return next(context);
    };

    private static Task RefuseAsync(HttpContext context, int status, string problem)
    {
        context.Response.StatusCode = status;
        return WriteAsync(context, new Outcome(Done: false, problem), ReportJson.Default.Outcome);
    }

    private static Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type) =>
        context.Response.WriteAsJsonAsync(value, type, cancellationToken: context.RequestAborted);

    private static (int Status, Outcome Outcome) Done => (StatusCodes.Status200OK, new Outcome(Done: true));

    private static (int Status, Outcome Outcome) Bad(string problem) => (StatusCodes.Status400BadRequest, new Outcome(Done: false, problem));

    private static string? ReasonProblem(string? reason) => Encoding.UTF8.GetByteCount(reason ?? "") <= MaxReason
        ? null
        : $"The reason has more than {MaxReason} bytes.";

    private string OperatorOf(HttpContext context) => context.User.Identity?.Name ?? options.Value.UserId(context.User) ?? "unknown";
}
