using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace ChatKit.AspNetCore.Tests.Proxies;

/// <summary>
/// A client that receives an event stream, and sends with numbered posts. Like a browser, it resumes with the id of the last event; unlike one,
/// it does so only when the test says so, and drops no message that it has received before.
/// </summary>
internal sealed class EventStreamClient(Uri room, HttpClient http) : IAsyncDisposable
{
    private readonly List<string> _messages = [];
    private readonly List<string> _otherFrames = [];
    private HttpResponseMessage? _response;
    private string _lastEventId = "";
    private string _token = "";
    private int _lastNumber;

    /// <summary>The texts of all messages in the order in which they arrived, over all streams.</summary>
    public IReadOnlyList<string> Messages
    {
        get
        {
            lock (_messages)
                return [.. _messages];
        }
    }

    /// <summary>The types of the other frames, over all streams.</summary>
    public IReadOnlyList<string> OtherFrames
    {
        get
        {
            lock (_messages)
                return [.. _otherFrames];
        }
    }

    /// <summary>The node that has the stream.</summary>
    public string Node { get; private set; } = "";

    /// <summary>The content headers of the stream.</summary>
    public HttpContentHeaders ContentHeaders => _response!.Content.Headers;

    /// <summary>How many streams were opened.</summary>
    public int Opened { get; private set; }

    /// <summary>Completes when the stream has ended: with the data of its last event, or null if it was broken off.</summary>
    public Task<string?> Ended { get; private set; } = Task.FromResult<string?>(null);

    /// <summary>Opens a stream, and waits for its first frame. A client that has had one before resumes.</summary>
    public async Task OpenAsync()
    {
        await CloseAsync();
        _response = await http.SendPatientlyAsync(CreateRequest, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, _response.StatusCode);
        Assert.Equal("text/event-stream", _response.Content.Headers.ContentType?.MediaType);
        Node = Assert.Single(_response.Headers.GetValues(ChatNode.Header));
        (_lastNumber, Opened) = (0, Opened + 1);
        var welcomed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Ended = ReadAsync(_response, welcomed);
        await Task.WhenAny(welcomed.Task, Ended).Soon();
    }

    /// <summary>Opens streams until one is on the node.</summary>
    public async Task OpenOnAsync(string node)
    {
        do
        {
            await OpenAsync();
        }
        while (Node != node);
    }

    /// <summary>Waits until this many messages have arrived, and resumes whenever the stream ends meanwhile.</summary>
    public async Task ReceiveAsync(int count)
    {
        await Patience.UntilAsync(
            async () =>
            {
                if (Ended.IsCompleted)
                    await OpenAsync();
                return Messages.Count >= count;
            },
            $"{count} messages");
    }

    /// <summary>Posts a frame, or an array of frames. Sends the same again, with the same number, until there is an answer that counts.</summary>
    public Task<PostAnswer> PostAsync(object frames) => PostAsync(Interlocked.Increment(ref _lastNumber), frames);

    public async ValueTask DisposeAsync() => await CloseAsync();

    private async Task<PostAnswer> PostAsync(int number, object frames)
    {
        using var response = await http.SendPatientlyAsync(() =>
        {
            var request = PatientHttp.Post(room, JsonSerializer.Serialize(frames));
            request.Headers.Add("ChatKit-Connection", _token);
            request.Headers.Add("ChatKit-Sequence", number.ToString(CultureInfo.InvariantCulture));
            return request;
        });
        return new PostAnswer(response.StatusCode, response.Headers.TryGetValues(ChatNode.Header, out var node) ? node.Single() : "");
    }

    private HttpRequestMessage CreateRequest()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, room);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (_lastEventId.Length > 0)
            request.Headers.Add("Last-Event-ID", _lastEventId);
        return request;
    }

    private async Task CloseAsync()
    {
        _response?.Dispose();
        await Ended.Soon();
    }

    private async Task<string?> ReadAsync(HttpResponseMessage response, TaskCompletionSource welcomed)
    {
        try
        {
            var events = SseParser.Create(await response.Content.ReadAsStreamAsync());
            await foreach (var item in events.EnumerateAsync())
            {
                if (item.EventType == "close")
                    return item.Data;
                Take(item.Data);
                _lastEventId = item.EventId ?? _lastEventId;
                welcomed.TrySetResult();
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException)
        {
            // The proxy, the node, or the client itself has broken it off.
        }

        return null;
    }

    private void Take(string data)
    {
        using var json = JsonDocument.Parse(data);
        var frame = json.RootElement;
        var type = frame.GetProperty("type").GetString()!;
        lock (_messages)
        {
            if (type == "message")
                _messages.Add(frame.GetProperty("data").GetString()!);
            else
                _otherFrames.Add(type);
            if (type == "welcome")
                _token = frame.GetProperty("token").GetString()!;
        }
    }
}

/// <summary>An answer to a post.</summary>
/// <param name="Status">The status.</param>
/// <param name="Node">The node that has answered; empty if the proxy has.</param>
internal sealed record PostAnswer(HttpStatusCode Status, string Node);
