using System.Net;

namespace ChatRoom.Tests;

public class TelemetryTests(SharedChatRoom shared)
{
    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task With_otlp_the_sample_exports_metrics_traces_and_logs_to_a_collector(string protocol)
    {
        await using var collector = await OtlpReceiver.StartAsync(protocol);
        var environment = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
        };
        await using var chatRoom = await ChatRoomProcess.StartAsync(environment, "--otlp", collector.Endpoint);
        using var ann = await chatRoom.ConnectAsync("/chat/lobby?name=Ann");
        await ann.SendTextAsync("hello there");
        Assert.Equal("hello there", await ann.ReceiveTextAsync());

        await collector.ReceiveAsync(
            "metrics",
            "chatkit.connections.active",
            "chatkit.network.io",
            "chatkit.messages.received",
            "chatkit.fan_out.duration",
            "chatkit.history.duration",
            "chatkit.backplane.lag",
            "kestrel.active_connections",
            "chatroom");
        await collector.ReceiveAsync("trace", "handle", "publish", "deliver", "messaging.destination.name", "lobby");
        await collector.ReceiveAsync("logs", "{Name} entered {Room}.");
    }

    [Fact]
    public async Task The_sample_reports_that_it_is_live_and_ready()
    {
        var chatRoom = await shared.GetAsync();
        using var http = new HttpClient { BaseAddress = chatRoom.Address };

        Assert.Equal("Healthy", await http.GetStringAsync("/health/live"));
        Assert.Equal("Healthy", await http.GetStringAsync("/health/ready"));
    }

    [Fact]
    public async Task Without_Redis_the_sample_is_live_and_accepts_connections_but_reports_Degraded()
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync("--redis", $"127.0.0.1:{RedisServer.FreePort()}");
        using var http = new HttpClient { BaseAddress = chatRoom.Address };

        Assert.Equal("Healthy", await http.GetStringAsync("/health/live"));
        using var ready = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.Equal((HttpStatusCode.OK, "Degraded"), (ready.StatusCode, await ready.Content.ReadAsStringAsync()));
    }
}
