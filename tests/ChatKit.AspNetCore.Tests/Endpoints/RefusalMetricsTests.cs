using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Endpoints;

/// <summary>Refused handshakes are counted by reason.</summary>
public sealed class RefusalMetricsTests : IDisposable
{
    private const string Instrument = "chatkit.connections.refused";

    private readonly MeterListener _listener = new();
    private readonly List<string> _reasons = [];

    public void Dispose() => _listener.Dispose();

    [Theory]
    [InlineData("/chat/lobby", "bad_request", HttpStatusCode.BadRequest, "Sec-WebSocket-Key", "short")]
    [InlineData("/chat/lobby", "origin", HttpStatusCode.Forbidden, "Origin", "https://elsewhere.example")]
    [InlineData("/chat/%01", "room", HttpStatusCode.BadRequest)]
    public async Task A_refused_handshake_is_counted_once(string path, string reason, HttpStatusCode status, params string[] header)
    {
        await using var server = await StartAsync(static _ => { });

        using var response = await server.HandshakeAsync(path, header is [var name, var value] ? [(name, value)] : []);

        Assert.Equal(status, response.StatusCode);
        await ReasonsAreAsync(reason);
    }

    [Theory]
    [InlineData("?after=x")]
    [InlineData("?connection=")]
    [InlineData("?after=x&connection=")]
    public async Task A_handshake_with_an_invalid_query_is_counted_once(string query)
    {
        await using var server = await StartAsync(static _ => { });

        await using var client = await server.ConnectAsync(
            "/chat/lobby" + query, new ClientSettings { Options = static options => options.AddSubProtocol(ChatKitSubprotocol.V1) });
        await client.ReceiveCloseAsync();

        await ReasonsAreAsync("bad_request");
    }

    [Fact]
    public async Task Connections_over_a_limit_are_counted()
    {
        await using var server = await StartAsync(static options => (options.MaxConnections, options.MaxConnectionsPerUser) = (2, 1));
        await using var anna = await server.ConnectAsync("/chat/lobby?user=anna");
        await using var bob = await server.ConnectAsync("/chat/lobby?user=bob");

        await using var again = await server.ConnectAsync("/chat/lobby?user=anna");
        await again.ReceiveCloseAsync();
        using var response = await server.HandshakeAsync("/chat/lobby?user=carl");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        await ReasonsAreAsync("user_limit", "limit");
    }

    [Fact]
    public async Task A_client_that_is_denied_its_home_room_is_counted_with_the_same_instrument()
    {
        await using var server = await StartAsync(static _ => { });

        await using var client = await server.ConnectAsync("/chat/secret");
        await client.ReceiveCloseAsync();

        await ReasonsAreAsync("forbidden");
    }

    [Fact]
    public async Task Requests_that_are_no_handshakes_are_not_counted()
    {
        await using var server = await StartAsync(static _ => { });

        using var response = await server.Http.GetAsync(new Uri("/chat/lobby", UriKind.Relative), TestContext.Current.CancellationToken);
        await using var client = await server.ConnectAsync("/chat/lobby");

        Assert.Equal(HttpStatusCode.UpgradeRequired, response.StatusCode);
        await ReasonsAreAsync();
    }

    [Fact]
    public async Task Handshakes_while_the_host_stops_are_counted()
    {
        await using var server = await StartAsync(static _ => { });
        using var late = await server.ConnectRawAsync();
        await using var client = await server.ConnectAsync("/chat/lobby");
        await server.Services.GetRequiredService<Script>().Opened;
        var stopping = server.StopAsync();

        Assert.StartsWith("HTTP/1.1 503", await late.RequestAsync(RawClient.Handshake("/chat/lobby")), StringComparison.Ordinal);
        await client.ReceiveCloseAsync();
        await stopping.Soon();

        await ReasonsAreAsync("stopping");
    }

    private async Task<ChatServer> StartAsync(Action<WebSocketEndpointOptions> configure)
    {
        var server = await ChatServer.StartAsync(
            app =>
            {
                app.Use(static (context, next) =>
                {
                    if (context.Request.Query["user"].ToString() is { Length: > 0 } user)
                        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", user)], "test"));
                    return next(context);
                });
                app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}", configure);
                app.MapWebSocketHandler<ScriptedHandler>("/other/{room}", configure);
            },
            static builder => builder.Services.AddSingleton(new Script { Authorize = static room => room != "secret" }));
        var meter = server.Services.GetRequiredService<IMeterFactory>().Create(ChatKitTelemetry.MeterName);
        List<Instrument> instruments = [];
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter != meter || instrument.Name != Instrument)
                return;
            instruments.Add(instrument);
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            Assert.Equal((1, "chatkit.reason"), (count, tags[0].Key));
            lock (_reasons)
                _reasons.Add((string)tags[0].Value!);
        });
        _listener.Start();
        Assert.Single(instruments);
        return server;
    }

    private Task ReasonsAreAsync(params string[] expected) => Patience.UntilAsync(
        () =>
        {
            lock (_reasons)
                return _reasons.SequenceEqual(expected);
        },
        $"the reasons are {string.Join(", ", expected)}");
}
