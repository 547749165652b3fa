using System.Net;
using System.Text.Json;

namespace ChatKit.AspNetCore.Tests.Proxies;

/// <summary>A client that reads a room with one request after the other, and posts messages without a connection.</summary>
internal sealed class PollClient(Uri room, HttpClient http)
{
    private readonly List<string> _messages = [];
    private readonly HashSet<string> _nodes = [];
    private string _position = "";

    /// <summary>The texts of all messages in the order in which they arrived.</summary>
    public IReadOnlyList<string> Messages => _messages;

    /// <summary>The nodes that have answered.</summary>
    public IReadOnlyCollection<string> Nodes => _nodes;

    /// <summary>Whether an answer had a gap.</summary>
    public bool HasGap { get; private set; }

    /// <summary>How often a request was sent again.</summary>
    public int Repeated { get; private set; }

    /// <summary>Reads what has been sent since the last poll. Returns the tag of the answer.</summary>
    /// <param name="wait">The time in seconds to wait if there is nothing.</param>
    /// <param name="limit">The largest number of messages.</param>
    public async Task<string?> PollAsync(int wait = 0, int limit = 100)
    {
        using var response = await SendAsync(() => Request($"?wait={wait}&limit={limit}" + (_position.Length > 0 ? $"&after={_position}" : "")));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        HasGap |= json.RootElement.TryGetProperty("gap", out _);
        foreach (var frame in json.RootElement.GetProperty("messages").EnumerateArray())
            _messages.Add(frame.GetProperty("data").GetString()!);
        if (json.RootElement.TryGetProperty("position", out var position))
            _position = position.GetString()!;
        return response.Headers.TryGetValues("ETag", out var tag) ? tag.Single() : null;
    }

    /// <summary>Polls until this many messages have arrived.</summary>
    public async Task ReceiveAsync(int count, int limit = 100)
    {
        using var late = new CancellationTokenSource(Patience.Limit);
        while (_messages.Count < count)
        {
            late.Token.ThrowIfCancellationRequested();
            await PollAsync(wait: 1, limit);
        }
    }

    /// <summary>Asks whether there is anything new since an answer. Returns the status.</summary>
    public async Task<HttpStatusCode> PollAsync(string tag)
    {
        using var response = await SendAsync(() =>
        {
            var request = Request($"?after={_position}");
            request.Headers.TryAddWithoutValidation("If-None-Match", tag);
            return request;
        });
        return response.StatusCode;
    }

    /// <summary>Posts a message. Sends it again with the same ref if it was not answered.</summary>
    public async Task PostAsync(string text)
    {
        var frame = JsonSerializer.Serialize(new { data = text, @ref = Guid.NewGuid() });
        using var response = await SendAsync(() => PatientHttp.Post(room, frame));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    private HttpRequestMessage Request(string query)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(room, query));
        request.Headers.Accept.ParseAdd("application/json");
        return request;
    }

    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> create)
    {
        var response = await http.SendPatientlyAsync(create, onRepeat: () => Repeated++);
        _nodes.Add(response.Headers.GetValues(ChatNode.Header).Single());
        return response;
    }
}
