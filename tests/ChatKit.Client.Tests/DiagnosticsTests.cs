using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.RegularExpressions;
using ChatKit.Client.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace ChatKit.Client.Tests;

public partial class DiagnosticsTests
{
    [Fact]
    public async Task A_registered_client_uses_the_services_of_the_application_and_is_disposed_with_it()
    {
        await using var server = await RealServer.StartAsync();
        var logs = new FakeLoggerProvider();
        ChatClient client;
        await using (var services = new ServiceCollection()
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(logs))
            .AddMetrics()
            .AddChatKitClient(server.Address, static (_, options) => options.Token = static _ => Task.FromResult<string?>("ann"))
            .AddChatKitClient("bob", server.AddressOf("team"), static (_, options) => options.Token = static _ => Task.FromResult<string?>("bob"))
            .BuildServiceProvider())
        {
            client = services.GetRequiredService<ChatClient>();
            var bob = services.GetRequiredKeyedService<ChatClient>("bob");
            var meters = services.GetRequiredService<IMeterFactory>();
            using var sent = new MetricCollector<double>(meters, "ChatKit.Client", "chatkit.client.send.duration");
            await Task.WhenAll(client.ConnectAsync(), bob.ConnectAsync()).Soon();
            await client.SendAsync("hi").Soon();

            Assert.Equal(("ann", "lobby", "bob", "team"), (client.User, client.HomeRoom, bob.User, bob.HomeRoom));
            Assert.Equal("ok", Assert.Single(sent.GetMeasurementSnapshot()).Tags["chatkit.outcome"]);
            Assert.Contains(logs.Collector.GetSnapshot(), static log => log.Id.Id == 702 && log.Category == "ChatKit.Client");
        }

        Assert.Equal(ChatState.Closed, client.State);
    }

    [Fact]
    public async Task The_handshake_joins_the_trace_of_the_client_and_a_send_has_a_span()
    {
        var stopped = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == ChatClientTelemetry.Name,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                lock (stopped)
                    stopped.Add(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);
        string? received = null;
        await using var server = await RealServer.StartAsync(before: (context, next) =>
        {
            received = context.Request.Headers.TraceParent;
            return next();
        });
        var room = $"room{Guid.NewGuid():N}";
        await using var client = Clients.Create(server.AddressOf(room));
        await client.ConnectAsync().Soon();
        var current = Activity.Current;
        var joined = await client.JoinAsync($"{room}-2").Soon();
        await joined.SendAsync("hi").Soon();

        Assert.Same(current, Activity.Current);
        lock (stopped)
        {
            var connect = stopped.Where(static activity => activity.OperationName == "connect").Select(static activity => $"{activity.TraceId}");
            var send = stopped.Where(static activity => activity.OperationName == "send");
            Assert.Contains(received!.Split('-')[1], connect);
            Assert.Contains($"{room}-2", send.Select(static activity => activity.GetTagItem("messaging.destination.name")));
        }
    }

    [Fact]
    public void Log_events_and_instruments_are_documented()
    {
        var docs = File.ReadAllText(Path.Combine(Repository.Root, "docs", "dotnet-client.md"));
        var events = typeof(ChatClient).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>()
            .Select(static e => $"{e.EventId} {e.Level}");
        var instruments = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == ChatClientTelemetry.Name)
                    instruments.Add(instrument.Name);
            },
        };
        _ = Clients.Create(new Uri("http://localhost/"));
        listener.Start();

        Assert.Equal(events.Order(), EventRow().Matches(docs).Select(static row => $"{row.Groups[1]} {row.Groups[2]}"));
        Assert.Equal(instruments.Distinct().Order(), InstrumentRow().Matches(docs).Select(static row => row.Groups[1].Value).Order());
    }

    [GeneratedRegex(@"^\| (7\d\d) \| (\w+) \|", RegexOptions.Multiline)]
    private static partial Regex EventRow();

    [GeneratedRegex(@"^\| `(chatkit\.client\.[a-z._]+)` \|", RegexOptions.Multiline)]
    private static partial Regex InstrumentRow();
}
