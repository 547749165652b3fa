using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Tests;

/// <summary>The pages of docs/reference and the dashboard match the instruments and the events.</summary>
public sealed partial class OperationsTests : IAsyncLifetime
{
    private static readonly string Docs = Path.Combine(Repository.Root, "docs");

    private readonly ConcurrentDictionary<string, Instrument> _instruments = new();
    private readonly ConcurrentDictionary<string, string> _attributes = new();
    private readonly MeterListener _listener = new();
    private ChatServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ChatServer.StartAsync(Script.Broadcasting);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name != ChatKitTelemetry.MeterName)
                return;
            _instruments[instrument.Name] = instrument;
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => _attributes[instrument.Name] = Names(tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => _attributes[instrument.Name] = Names(tags));
        _listener.Start();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public void The_table_of_instruments_matches_the_code_in_names_kinds_and_units() => Assert.Equal(
        _instruments.Values.Select(static i => (i.Name, KindOf(i), i.Unit)).Order(),
        InstrumentsInDocs().Select(static i => (i.Name, i.Kind, (string?)i.Unit)).Order());

    [Fact]
    public async Task The_attributes_in_the_table_match_the_measurements()
    {
        await using (var client = await _server.ConnectAsync("/chat/lobby"))
        {
            await client.SendAsync("hello");
            Assert.Equal("hello", await client.ReceiveAsync());
        }

        await Patience.UntilAsync(() => _attributes.ContainsKey("chatkit.connections.closed"), "the connection has ended");
        _listener.RecordObservableInstruments();

        var documented = InstrumentsInDocs().ToDictionary(static i => i.Name, static i => i.Attributes);
        Assert.All(_attributes, seen => Assert.Equal(documented[seen.Key], seen.Value));
        Assert.Superset(
            new HashSet<string> { "chatkit.network.io", "chatkit.history.duration", "chatkit.messages.delivered", "chatkit.backplane.lag" },
            _attributes.Keys.ToHashSet());
    }

    [Fact]
    public void The_table_of_events_matches_the_code_in_ids_and_levels()
    {
        Assembly[] assemblies =
            [typeof(WebSocketHandler).Assembly, typeof(WebSocketEndpointOptions).Assembly, typeof(Monitor.MonitorOptions).Assembly];
        var events = assemblies
            .SelectMany(static assembly => assembly.GetTypes())
            .SelectMany(static type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>()
            .Select(static e => (e.EventId, e.Level == LogLevel.None ? "Debug or Warning" : $"{e.Level}"));

        Assert.Equal(events.Order(), EventRow().Matches(Reference("log-events.md")).Select(static row => (int.Parse(row.Groups[1].ValueSpan, null), row.Groups[2].Value)));
    }

    [Fact]
    public void The_dashboard_shows_every_instrument_and_no_others()
    {
        var metrics = _instruments.Values.SelectMany(PrometheusNames).ToHashSet();
        var labels = InstrumentsInDocs().SelectMany(static i => i.Attributes.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(static a => a.Replace('.', '_')).ToHashSet();

        var named = Panels().SelectMany(static panel => panel["targets"]!.AsArray())
            .SelectMany(static target => Name().Matches((string)target!["expr"]!)).Select(static match => match.Value).ToHashSet();

        Assert.Empty(named.Except(metrics).Except(labels));
        Assert.All(_instruments.Values, instrument => Assert.True(PrometheusNames(instrument).Any(named.Contains), instrument.Name));
    }

    [Fact]
    public void Every_panel_of_the_dashboard_has_a_unit_legends_and_a_description()
    {
        Assert.NotEmpty(Panels());
        Assert.All(Panels(), static panel =>
        {
            Assert.False(string.IsNullOrEmpty((string?)panel["title"]));
            Assert.False(string.IsNullOrEmpty((string?)panel["description"]));
            Assert.False(string.IsNullOrEmpty((string?)panel["fieldConfig"]!["defaults"]!["unit"]));
            Assert.All(panel["targets"]!.AsArray(), static target => Assert.False(string.IsNullOrEmpty((string?)target!["legendFormat"])));
        });
    }

    private static string Reference(string page) => File.ReadAllText(Path.Combine(Docs, "reference", page));

    private static IEnumerable<(string Name, string Kind, string Unit, string Attributes)> InstrumentsInDocs() =>
        InstrumentRow().Matches(Reference("metrics.md")).Select(static row => (
            row.Groups[1].Value,
            row.Groups[2].Value,
            row.Groups[3].Value,
            string.Join(' ', row.Groups[4].Value.Split([' ', ',', '`'], StringSplitOptions.RemoveEmptyEntries).Order())));

    private static List<JsonNode> Panels() =>
        [.. JsonNode.Parse(File.ReadAllText(Path.Combine(Docs, "grafana-dashboard.json")))!["panels"]!.AsArray().OfType<JsonNode>()
            .Where(static panel => (string?)panel["type"] != "row")];

    private static string Names(ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        string.Join(' ', tags.ToArray().Select(static tag => tag.Key).Order());

    private static string KindOf(Instrument instrument) =>
        instrument.GetType().Name.Replace("Observable", "").Replace("`1", "").ToLowerInvariant();

    /// <summary>Returns the Prometheus names that the OpenTelemetry collector derives from an instrument.</summary>
    private static IEnumerable<string> PrometheusNames(Instrument instrument)
    {
        var unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        var name = instrument.Name.Replace('.', '_') + unit;
        return KindOf(instrument) switch
        {
            "counter" => [name + "_total"],
            "histogram" => [name + "_bucket", name + "_count", name + "_sum"],
            _ => [name],
        };
    }

    [GeneratedRegex(@"^\| `(chatkit[a-z_.]+)` \| (\w+) \| `([^`]+)` \| ([^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex InstrumentRow();

    [GeneratedRegex(@"^\| (\d+) \| ([\w ]+) \| .+ \|$", RegexOptions.Multiline)]
    private static partial Regex EventRow();

    [GeneratedRegex(@"\b(chatkit|network)_[a-z_]+")]
    private static partial Regex Name();
}
