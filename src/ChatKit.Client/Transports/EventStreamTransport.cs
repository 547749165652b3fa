using System.Globalization;
using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Threading.Channels;
using ChatKit.Client.Connections;
using ChatKit.Client.Protocol;

namespace ChatKit.Client.Transports;

/// <summary>
/// Receives frames as server-sent events, and posts those of the client. The posts are numbered, and each is sent until it is answered, so that
/// the server handles the frames once and in order.
/// </summary>
internal sealed class EventStreamTransport(Settings settings, string? token) : Transport(settings, token)
{
    private const string EventStreamType = "text/event-stream";
    private const string CloseEvent = "close";
    private const int MaxAddress = 4_000;

    /// <summary>After which a new stream has better prospects.</summary>
    private const int MaxRetries = 4;

    /// <summary>The number of frames that wait until the post before was answered.</summary>
    private const int MaxWaiting = 64;

    private readonly Channel<ReadOnlyMemory<byte>> _waiting = Channel.CreateBounded<ReadOnlyMemory<byte>>(MaxWaiting);
    private IHandshake? _handshake;
    private LinkEnd? _postEnd;

    public override async Task<LinkEnd> RunAsync(IHandshake handshake, IFrameSink sink)
    {
        _handshake = handshake;
        using var response = await OpenAsync(handshake.AddQuery(MaxAddress, isWhole: false, out _)).ConfigureAwait(false);
        var body = await response.Content.ReadAsStreamAsync(Ending).ConfigureAwait(false);
        var events = SseParser.Create(new SignalingStream(body, sink), static (_, data) => data.ToArray());
        var isPosting = false;
        try
        {
            await foreach (var sent in events.EnumerateAsync(Ending).ConfigureAwait(false))
            {
                if (sent.EventType == CloseEvent)
                {
                    var close = JsonSerializer.Deserialize(sent.Data, FrameContext.Default.StreamClose)!;
                    return new LinkEnd(close.Code, close.Reason ?? "");
                }

                if (!isPosting && JsonSerializer.Deserialize(sent.Data, FrameContext.Default.ServerFrame) is { Token: { } proof } welcome)
                {
                    isPosting = true;
                    _ = PostAllAsync(proof, welcome.Limit);
                }

                sink.OnFrame(sent.Data);
                await ThrottleAsync(sink).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (IsFailure(e) && _postEnd is not null)
        {
            // A post has ended the connection.
        }

        return _postEnd ?? LinkEnd.Broken("The event stream has ended.");
    }

    public override ValueTask SendAsync(ReadOnlyMemory<byte> frame) =>
        frame.Span.SequenceEqual(ClientFrames.Pong) ? ValueTask.CompletedTask : _waiting.Writer.WriteAsync(frame, Ending);

    private async Task<HttpResponseMessage> OpenAsync(Uri address)
    {
        HttpResponseMessage response;
        try
        {
            response = await HttpRequests.GetAsync(Settings, address, Token, EventStreamType, Ending).ConfigureAwait(false);
        }
        catch (Exception e) when (IsFailure(e) && !Ending.IsCancellationRequested)
        {
            throw new LinkEndedException(LinkEnd.Broken(HttpRequests.Describe(e)) with { IsUnknown = true });
        }

        if (response.StatusCode == HttpStatusCode.OK && response.Content.Headers.ContentType?.MediaType == EventStreamType)
            return response;
        using (response)
        {
            var problem = response.IsSuccessStatusCode ? null : await HttpRequests.ReadProblemAsync(response, Ending).ConfigureAwait(false);
            throw new LinkEndedException(HttpRequests.ToEnd(response.StatusCode, problem, HttpRequests.DelayOf(response)));
        }
    }

    /// <summary>Posts what is sent, until the connection ends.</summary>
    private async Task PostAllAsync(string proof, int limit)
    {
        try
        {
            for (var number = 1L; _postEnd is null; number++)
                _postEnd = await PostAsync(proof, number, await TakeAsync(limit).ConfigureAwait(false)).ConfigureAwait(false);
            Abort();
        }
        catch (Exception e) when (IsFailure(e))
        {
            // Each failure of a post is handled, so the connection has ended.
        }
    }

    /// <summary>Takes the next frame, and those that wait behind it as far as they fit.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> TakeAsync(int limit)
    {
        var first = await _waiting.Reader.ReadAsync(Ending).ConfigureAwait(false);
        if (!_waiting.Reader.TryPeek(out _))
            return first;
        using var body = new MemoryStream();
        body.WriteByte((byte)'[');
        body.Write(first.Span);
        while (_waiting.Reader.TryPeek(out var next) && body.Length + next.Length + 2 <= limit)
        {
            _waiting.Reader.TryRead(out _);
            body.WriteByte((byte)',');
            body.Write(next.Span);
        }

        if (body.Length == first.Length + 1)
            return first;
        body.WriteByte((byte)']');
        return body.ToArray();
    }

    /// <summary>Sends a post until it is answered. Returns how the connection ends, if it does.</summary>
    private async Task<LinkEnd?> PostAsync(string proof, long number, ReadOnlyMemory<byte> body)
    {
        (string, string)[] headers =
            [("ChatKit-Connection", proof), ("ChatKit-Sequence", number.ToString(CultureInfo.InvariantCulture))];
        for (var failures = 0; ;)
        {
            TimeSpan? delay = null;
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ending);
                limit.CancelAfter(Settings.Options.ConnectTimeout);
                using var response = await HttpRequests.PostAsync(Settings, Settings.Address, Token, body, headers, limit.Token)
                    .ConfigureAwait(false);
                if (response.StatusCode == HttpStatusCode.Accepted)
                    return null;
                if (!HttpRequests.IsEarly(response.StatusCode))
                    return EndAfter(response.StatusCode);
                delay = HttpRequests.DelayOf(response);
            }
            catch (Exception e) when (IsFailure(e) && !Ending.IsCancellationRequested)
            {
                if (failures++ >= MaxRetries)
                    return LinkEnd.Broken(HttpRequests.Describe(e)) with { IsUnknown = true };
            }

            await Task.Delay(delay ?? _handshake!.Backoff(failures), Settings.Time, Ending).ConfigureAwait(false);
        }
    }

    /// <summary>What would end again on a new stream, as for a WebSocket. Otherwise, a new one helps.</summary>
    private static LinkEnd EndAfter(HttpStatusCode status) => (int)status switch
    {
        400 => new LinkEnd(1007, "The server could not read what the client sent."),
        401 => new LinkEnd(LinkEnd.Policy, "The server has refused the client's token."),
        413 => new LinkEnd(1009, "The request was too large for the server."),
        415 => new LinkEnd(1007, "The server does not accept JSON."),
        _ => LinkEnd.Broken($"A post was answered with {(int)status}.") with { IsUnknown = true },
    };
}
