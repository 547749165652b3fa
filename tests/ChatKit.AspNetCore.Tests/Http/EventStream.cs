using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

namespace ChatKit.AspNetCore.Tests.Http;

/// <summary>A client that receives an event stream, and posts its frames.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    private readonly ChatServer _server;
    private readonly string _path;
    private readonly HttpResponseMessage _response;
    private readonly IAsyncEnumerator<SseItem<string>> _events;

    private EventStream(ChatServer server, string path, HttpResponseMessage response, Stream body)
    {
        (_server, _path, _response) = (server, path, response);
        _events = SseParser.Create(body).EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
    }

    public HttpResponseMessage Response => _response;

    /// <summary>The id of the last event that had one.</summary>
    public string? LastId { get; private set; }

    /// <summary>The first frame.</summary>
    public JsonElement Welcome { get; private set; }

    /// <summary>With what the client proves that its posts belong to the stream.</summary>
    public string Token { get; set; } = "";

    /// <summary>Requests a stream. The response can be a refusal.</summary>
    public static Task<HttpResponseMessage> RequestAsync(ChatServer server, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    /// <summary>Opens a stream, and reads its first frame.</summary>
    public static async Task<EventStream> OpenAsync(ChatServer server, string path, params (string Name, string Value)[] headers)
    {
        var response = await RequestAsync(server, path, headers);
        Assert.Equal("text/event-stream", response.EnsureSuccessStatusCode().Content.Headers.ContentType?.ToString());
        var stream = new EventStream(
            server, path.Split('?')[0], response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        stream.Welcome = await stream.FrameAsync("welcome");
        stream.Token = stream.Welcome.GetProperty("token").GetString()!;
        return stream;
    }

    /// <summary>The next event.</summary>
    public async Task<SseItem<string>> EventAsync()
    {
        Assert.True(await _events.MoveNextAsync().AsTask().Soon(), "The stream has ended.");
        LastId = _events.Current.EventId ?? LastId;
        return _events.Current;
    }

    /// <summary>The next frame of a type.</summary>
    public async Task<JsonElement> FrameAsync(string type)
    {
        while (true)
        {
            var frame = JsonElement.Parse((await EventAsync()).Data);
            if (frame.GetProperty("type").ValueEquals(type))
                return frame;
        }
    }

    /// <summary>The text of the next message.</summary>
    public async Task<string?> TextAsync() => (await FrameAsync("message")).GetProperty("data").GetString();

    /// <summary>Whether nothing follows.</summary>
    public async Task<bool> HasEndedAsync() => !await _events.MoveNextAsync().AsTask().Soon();

    /// <summary>Posts frames to the stream.</summary>
    public Task<HttpResponseMessage> PostAsync(string body, long? number = null, ChatServer? server = null, params (string Name, string Value)[] headers)
    {
        List<(string, string)> all = [("ChatKit-Connection", Token), .. headers];
        if (number is not null)
            all.Add(("ChatKit-Sequence", $"{number}"));
        return PostAsync(server ?? _server, _path, body, [.. all]);
    }

    /// <summary>Posts a body.</summary>
    public static Task<HttpResponseMessage> PostAsync(ChatServer server, string path, string body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _response.Dispose();
        await _events.DisposeAsync();
    }
}
