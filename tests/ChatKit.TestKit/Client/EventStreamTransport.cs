using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.ServerSentEvents;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;

namespace ChatKit.TestKit.Client;

/// <summary>
/// Receives frames as server-sent events, and posts those of the client. The posts are numbered, and each is sent until it is answered, to any
/// server, so that the server that has the stream handles the frames once and in order.
/// </summary>
internal sealed class EventStreamTransport(ChatClientOptions options, ClientRooms rooms, CancellationToken stop) : HttpTransport(options, rooms, stop)
{
    private const string EventStreamType = "text/event-stream";

    /// <summary>The event with which the server closes the stream.</summary>
    private const string CloseEvent = "close";

    /// <summary>The number of frames that wait until the post before was answered.</summary>
    private const int MaxWaiting = 64;

    /// <summary>The time for which a post is sent again. A client that cannot post is disconnected, even if it still receives.</summary>
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(15);

    private readonly Channel<byte[]> _waiting = Channel.CreateBounded<byte[]>(MaxWaiting);
    private HttpResponseMessage? _response;
    private Stream _body = Stream.Null;

    public override async Task ConnectAsync(Uri address, CancellationToken limit)
    {
        _response = await GetAsync(WithPositions(address), EventStreamType, limit);
        if (_response.StatusCode != HttpStatusCode.OK || _response.Content.Headers.ContentType?.MediaType != EventStreamType)
            throw HttpAnswer.Unexpected(_response.StatusCode);
        _body = await _response.Content.ReadAsStreamAsync(limit);
    }

    public override async IAsyncEnumerable<ServerFrame> ReceiveAsync()
    {
        await foreach (var sent in SseParser.Create(new TimedStream(_body, Silence)).EnumerateAsync(Ending))
        {
            if (sent.EventType == CloseEvent)
            {
                var close = JsonSerializer.Deserialize(sent.Data, FrameContext.Default.StreamClose)!;
                Close = ((WebSocketCloseStatus)close.Code, close.Reason);
                yield break;
            }

            if (sent.EventType != SseParser.EventTypeDefault
                || JsonSerializer.Deserialize(sent.Data, FrameContext.Default.ServerFrame) is not { } frame)
                continue;
            if (frame is { Type: "welcome", Token: { } token })
                _ = PostAllAsync(token, frame.Limit);
            yield return frame;
        }

        throw new IOException("The event stream has ended.");
    }

    public override ValueTask SendAsync(ClientFrame frame) => _waiting.Writer.WriteAsync(frame.Json, Ending);

    public override void Dispose()
    {
        base.Dispose();
        _response?.Dispose();
    }

    /// <summary>Posts what is sent, until the connection ends.</summary>
    /// <param name="token">Names the stream.</param>
    /// <param name="limit">The maximum size of a post.</param>
    private async Task PostAllAsync(string token, int limit)
    {
        try
        {
            var number = 0L;
            while (await PostAsync(token, ++number, await TakeAsync(limit)))
            {
            }

            Abort();
        }
        catch (Exception e) when (IsFailure(e))
        {
            // Each failure of a post is handled, so the connection has ended.
        }
    }

    /// <summary>Takes the next frame, and those that wait behind it as far as they fit.</summary>
    private async ValueTask<byte[]> TakeAsync(int limit)
    {
        var first = await _waiting.Reader.ReadAsync(Ending);
        using var body = new MemoryStream();
        body.WriteByte((byte)'[');
        body.Write(first);
        var isOne = true;
        while (_waiting.Reader.TryPeek(out var next) && body.Length + next.Length + 2 <= limit)
        {
            _waiting.Reader.TryRead(out _);
            body.WriteByte((byte)',');
            body.Write(next);
            isOne = false;
        }

        body.WriteByte((byte)']');
        return isOne ? first : body.ToArray();
    }

    /// <summary>Sends a post until it is answered. Returns false if the client needs a new stream.</summary>
    private async Task<bool> PostAsync(string token, long number, byte[] body)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            switch (await TryPostAsync(token, number, body))
            {
                case HttpStatusCode.Accepted:
                    return true;
                case null or >= HttpStatusCode.InternalServerError when Stopwatch.GetElapsedTime(start) < LongestRetry:
                    await Task.Delay(Options.RetryDelay, Ending);
                    break;
                default:
                    return false;
            }
        }
    }

    /// <summary>Returns the status of the response; null if there is none.</summary>
    private async Task<HttpStatusCode?> TryPostAsync(string token, long number, byte[] body)
    {
        try
        {
            var answer = await PostAsync(
                body, ("ChatKit-Connection", token), ("ChatKit-Sequence", number.ToString(CultureInfo.InvariantCulture)));
            return answer.Status;
        }
        catch (Exception e) when (IsFailure(e) && !Ending.IsCancellationRequested)
        {
            return null;
        }
    }
}
