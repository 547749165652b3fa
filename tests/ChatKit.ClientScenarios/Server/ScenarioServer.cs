using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace ChatKit.ClientScenarios.Server;

/// <summary>A server that does nothing by itself: the scenario answers each request.</summary>
internal sealed class ScenarioServer : IDisposable
{
    private readonly Channel<Arrival> _arrivals = Channel.CreateUnbounded<Arrival>();
    private readonly ConcurrentQueue<Arrival> _all = [];
    private readonly int _number;
    private volatile bool _isOver;

    private ScenarioServer(Uri origin)
    {
        _number = ScenarioHost.Add(this);
        Address = new Uri(origin, $"{_number}/chat/lobby");
    }

    /// <summary>The address of the home room.</summary>
    public Uri Address { get; }

    /// <summary>The number of requests so far.</summary>
    public int Count => _all.Count;

    /// <summary>The number of POSTs so far.</summary>
    public int Posts => _all.Count(static arrival => arrival.Way == Way.Post);

    public static async Task<ScenarioServer> StartAsync() => new(await ScenarioHost.Origin);

    /// <summary>Returns the next request.</summary>
    public Task<Arrival> NextAsync() => _arrivals.Reader.ReadAsync().AsTask().InTime("the client connects");

    /// <summary>Returns the next request, which must come this way.</summary>
    public async Task<Arrival> NextAsync(Way way)
    {
        var arrival = await NextAsync();
        Assert.Equal(way, arrival.Way);
        return arrival;
    }

    /// <summary>Accepts the next handshake.</summary>
    public async Task<ServerConnection> AcceptAsync() => await (await NextAsync()).AcceptAsync();

    /// <summary>Asserts that no other request arrives.</summary>
    public async Task NothingArrivesAsync()
    {
        await Waiting.QuietAsync();
        Assert.False(_arrivals.Reader.TryRead(out var arrival), $"The client has connected again: {arrival}");
    }

    /// <summary>The requests so far, for a failure.</summary>
    public string Describe() => $"The requests were:\n{string.Concat(_all.Select(static arrival => $"  {arrival}\n"))}";

    /// <summary>A client has sent a request.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var arrival = new Arrival(context, HttpMethods.IsPost(context.Request.Method) ? await reader.ReadToEndAsync() : "");
        _all.Enqueue(arrival);
        _arrivals.Writer.TryWrite(arrival);
        if (_isOver)
            arrival.Abort();
        await arrival.Done;
    }

    public void Dispose()
    {
        _isOver = true;
        ScenarioHost.Remove(_number);
        foreach (var arrival in _all)
            arrival.Abort();
    }
}
