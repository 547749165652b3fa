using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// Answers the requests that are not handshakes: event streams, polls, and posts. What a request asks for decides which of them it is.
/// </summary>
internal sealed class HttpEndpoint(
    Func<IServiceProvider, WebSocketHandler> createHandler,
    WebSocketEndpointOptions options,
    Admission admission,
    WebSocketHandlerRunner runner)
{
    /// <summary>The header with which a client names its event stream.</summary>
    private const string ConnectionHeader = "ChatKit-Connection";

    /// <summary>The header with the number of a post.</summary>
    private const string SequenceHeader = "ChatKit-Sequence";

    private const string EventStream = "text/event-stream";

    private bool HasEvents => (options.Transports & ChatTransports.ServerSentEvents) != 0;

    private bool HasPolling => (options.Transports & ChatTransports.Polling) != 0;

    public Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        var isPost = HttpMethods.IsPost(request.Method);
        var isStream = !isPost && HasEvents && Accepts(request, EventStream);
        if (!isPost && !isStream && !(HasPolling && Accepts(request, JsonAnswer.MediaType)))
            return Refusal.AnswerPlainRequestAsync(context);
        if (admission.Refuse(context) is { } refused)
            return refused;
        if (isPost)
            return PostAsync(context);
        if (admission.RefuseRoom(context, out var room) is { } unnamed)
            return unnamed;
        return isStream ? StreamAsync(context, room) : PollAsync(context, room);
    }

    private Task StreamAsync(HttpContext context, string room)
    {
        var query = context.Request.Query;
        if (!ResumePositions.TryRead(query, out var after, out var problem)
            || !LastEventId.TryAdd(context.Request.Headers, ref after, out problem)
            || !FormerConnections.TryRead(query, out var formerIds, out problem))
            return admission.RefuseBadRequestAsync(context, problem);

        var info = admission.Describe(
            context, room, ChatKitSubprotocol.V1, after, formerIds, admission.Opening(context), ResumePositions.FollowByFrame(query));
        return RunAsync(context, info, () => RunStreamAsync(context, info));
    }

    private async Task RunStreamAsync(HttpContext context, WebSocketConnectionInfo info)
    {
        var headers = context.Response.Headers;
        context.Response.ContentType = EventStream;
        headers.CacheControl = "no-cache, no-store";
        headers.ContentEncoding = "identity"; // A middleware that compresses holds events back.
        headers["X-Accel-Buffering"] = "no"; // So does nginx.
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var pipe = options.DirectTransport ? EventStreamPipe.TryPrepare(context) : null;
        await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
        pipe?.OnStarted(context.Response);
        await runner.RunEventStreamAsync(pipe?.Output ?? context.Response.BodyWriter, pipe, info, options, createHandler, context.RequestAborted)
            .ConfigureAwait(false);
    }

    private Task PollAsync(HttpContext context, string room)
    {
        if (!PollQuery.TryRead(context.Request, room, out var poll, out var problem)
            || !FormerConnections.TryRead(context.Request.Query, out var formerIds, out problem))
            return admission.RefuseBadRequestAsync(context, problem);
        var info = admission.Describe(context, room, ChatKitSubprotocol.V1, poll.After, formerIds, admission.Opening(context));
        return RunAsync(
            context, info, () => poll.History is { } history ? RunExchangeAsync(context, info, history) : RunPollAsync(context, info, poll.Request));
    }

    private async Task RunPollAsync(HttpContext context, WebSocketConnectionInfo info, PollRequest request)
    {
        context.Response.Headers.CacheControl = JsonAnswer.CacheControl;
        var result = await runner.PollAsync(request, info, options, createHandler, context.RequestAborted).ConfigureAwait(false);
        if (context.RequestAborted.IsCancellationRequested)
            return;
        if (result.Close is { } close)
        {
            await Problem.AnswerAsync(context, close).ConfigureAwait(false);
            return;
        }

        if (!result.IsComplete)
        {
            await Problem.AnswerUnavailableAsync(context).ConfigureAwait(false);
            return;
        }

        if (result.Tag is { } tag && !request.AsFrames)
            context.Response.Headers.ETag = RoomTag.Format(tag);
        if (!result.HasNews && result.Tag is { } known && request.KnownTags.Contains(known))
            context.Response.StatusCode = StatusCodes.Status304NotModified;
        else
            await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, result.Body).ConfigureAwait(false);
    }

    private async Task RunExchangeAsync(HttpContext context, WebSocketConnectionInfo info, byte[] frame)
    {
        context.Response.Headers.CacheControl = JsonAnswer.CacheControl;
        var result = await runner.ExchangeAsync(frame, info, options, createHandler, context.RequestAborted).ConfigureAwait(false);
        await ExchangeAnswer.WriteAsync(context, info.Room, result).ConfigureAwait(false);
    }

    private async Task PostAsync(HttpContext context)
    {
        var request = context.Request;
        var token = request.Headers[ConnectionHeader];
        if (token.Count == 0 ? !HasPolling : !HasEvents)
        {
            await Refusal.AnswerPlainRequestAsync(context).ConfigureAwait(false);
            return;
        }

        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals(JsonAnswer.MediaType, StringComparison.OrdinalIgnoreCase))
        {
            await Refusal.AnswerAsync(context, StatusCodes.Status415UnsupportedMediaType, $"The Content-Type must be {JsonAnswer.MediaType}.").ConfigureAwait(false);
            return;
        }

        var (body, isComplete) = await RequestBody.ReadAsync(context, options.MaxMessageSize).ConfigureAwait(false);
        if (!isComplete)
            return;
        if (body is null)
        {
            await Refusal.AnswerAsync(
                context, StatusCodes.Status413PayloadTooLarge, $"The body must have at most {options.MaxMessageSize} bytes.").ConfigureAwait(false);
            return;
        }

        await (token.Count == 0 ? ExchangeAsync(context, body) : PostToStreamAsync(context, token, body)).ConfigureAwait(false);
    }

    private async Task PostToStreamAsync(HttpContext context, string? token, byte[] body)
    {
        long? number = null;
        if (context.Request.Headers.TryGetValue(SequenceHeader, out var text))
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) || sequence == 0)
            {
                await admission.RefuseBadRequestAsync(context, $"{SequenceHeader} must be 1 for the first POST, and count up by one.").ConfigureAwait(false);
                return;
            }

            number = sequence;
        }

        var (result, problem) = await runner.PostAsync(token, admission.UserIdOf(context), number, body, context.RequestAborted).ConfigureAwait(false);
        if (problem is not null)
        {
            await admission.RefuseBadRequestAsync(context, problem).ConfigureAwait(false);
            return;
        }

        switch (result)
        {
            case PostResult.Accepted:
                context.Response.StatusCode = StatusCodes.Status202Accepted;
                break;
            case PostResult.TooLarge:
                await Refusal.AnswerAsync(context, StatusCodes.Status413PayloadTooLarge, "The body is larger than the endpoint of the event stream accepts.")
                    .ConfigureAwait(false);
                break;
            case PostResult.Busy:
                context.Response.Headers.RetryAfter = "1";
                await Refusal.AnswerAsync(
                    context, StatusCodes.Status503ServiceUnavailable, "The connection is busy, or an earlier POST is missing. Send the same again.")
                    .ConfigureAwait(false);
                break;
            case PostResult.Forbidden:
                await Refusal.AnswerAsync(
                    context, StatusCodes.Status403Forbidden, $"{ConnectionHeader} must be the token from the welcome of your own event stream.")
                    .ConfigureAwait(false);
                break;
            default:
                await Refusal.AnswerAsync(context, StatusCodes.Status410Gone, "The event stream has ended. Open a new one.").ConfigureAwait(false);
                break;
        }
    }

    private Task ExchangeAsync(HttpContext context, byte[] body)
    {
        if (admission.RefuseRoom(context, out var room) is { } unnamed)
            return unnamed;
        var info = admission.Describe(context, room, ChatKitSubprotocol.V1, ResumePositions.None, [], admission.Opening(context));
        return RunAsync(context, info, () => RunExchangeAsync(context, info, body));
    }

    private Task RunAsync(HttpContext context, WebSocketConnectionInfo info, Func<Task> run) =>
        admission.RunAsync(context, info.UserId, run, reason => Admission.AnswerUserFullAsync(context, reason));

    private static bool Accepts(HttpRequest request, string type) =>
        MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)
        && accepted.Any(one => one.Quality != 0 && one.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase));
}
