using System.Text.Json;
using ChatKit.ClientScenarios.Server;

namespace ChatKit.ClientScenarios.Clients;

/// <summary>Gives commands to a client, and collects what it reports.</summary>
internal sealed class ClientUnderTest
{
    /// <summary>Marks messages that only show that the client has reported everything before them.</summary>
    private const string Marker = "settled-";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly Lines _lines;
    private readonly List<JsonElement> _events = [];
    private readonly Dictionary<string, int> _cursors = []; // by type, the index after the last event that was expected
    private TaskCompletionSource _next = NewSignal(); // completes with the next event
    private int _markers;

    public ClientUnderTest(Lines lines)
    {
        _lines = lines;
        lines.Listen(Take);
    }

    private JsonElement[] Events
    {
        get
        {
            lock (_events)
                return [.. _events];
        }
    }

    // Commands

    public Task ConnectAsync(
        Uri url, Times? times = null, IReadOnlyDictionary<string, string>? after = null, params string[] transports) =>
        WriteAsync(new
        {
            command = "connect",
            url,
            times = times ?? new Times(),
            after,
            transports = transports.Length == 0 ? ["websocket"] : transports,
        });

    public Task SendAsync(string id, string data, string? room = null) => WriteAsync(new { command = "send", id, room, data });

    public Task SendBytesAsync(string id, string base64) => WriteAsync(new { command = "send", id, base64 });

    public Task SendJsonAsync(string id, object json) => WriteAsync(new { command = "send", id, json });

    public Task EditAsync(string id, string position, string data) => WriteAsync(new { command = "edit", id, position, data });

    public Task DeleteAsync(string id, string position) => WriteAsync(new { command = "delete", id, position });

    public Task JoinAsync(string room) => WriteAsync(new { command = "join", room });

    public Task LeaveAsync(string room) => WriteAsync(new { command = "leave", room });

    public Task ReadAsync(string position, string? room = null) => WriteAsync(new { command = "read", room, position });

    public Task SignalAsync(string name, string? data = null) => WriteAsync(new { command = "signal", signalName = name, data });

    public Task OlderAsync(string id, int limit, string? before = null) => WriteAsync(new { command = "older", id, limit, before });

    public Task CloseAsync() => WriteAsync(new { command = "close" });

    // Events

    /// <summary>Waits for the next event of a type that meets a condition, and skips others of this type.</summary>
    public Task<JsonElement> ExpectAsync(string type, Func<JsonElement, bool>? condition = null, string? what = null)
    {
        var start = _cursors.GetValueOrDefault(type);
        return FindAsync(
            events =>
            {
                for (var i = start; i < events.Count; i++)
                {
                    if (events[i].Text("event") != type || condition?.Invoke(events[i]) == false)
                        continue;
                    _cursors[type] = i + 1;
                    return events[i];
                }

                return null;
            },
            $"the client reports '{type}'{(what is null ? "" : $" with {what}")}");
    }

    /// <summary>Waits until the client is in a state.</summary>
    public Task<JsonElement> ExpectStateAsync(string state) => ExpectAsync("state", happened => happened.Text("state") == state, state);

    /// <summary>Waits for the outcome of what was sent. Returns its position, or the code of its refusal.</summary>
    public async Task<string?> OutcomeAsync(string id)
    {
        var outcome = await FindAsync(
            events => events.Find(happened => IsOutcome(happened, id)) is { ValueKind: not JsonValueKind.Undefined } found ? found : null,
            $"the client reports the outcome of '{id}'");
        return outcome.Text("event") == "sent" ? outcome.Text("position") : outcome.Text("code");
    }

    /// <summary>Whether the client has reported the outcome of what was sent.</summary>
    public bool HasOutcome(string id) => Events.Any(happened => IsOutcome(happened, id));

    /// <summary>The events of these types so far, as short texts: <c>e:2 two</c>, <c>gap 3</c>, <c>change e:2 hello</c>.</summary>
    public string[] Story(params string[] types) =>
    [
        .. Events.Where(happened => types.Contains(happened.Text("event")))
            .Select(ToText)
            .Where(static text => !text.StartsWith(Marker, StringComparison.Ordinal)),
    ];

    /// <summary>The messages, gaps and changes so far.</summary>
    public string[] Story() => Story("message", "gap", "change");

    /// <summary>Waits until the client has reported what it has received on a connection, by sending a message for this client only.</summary>
    public async Task SettleAsync(ServerConnection connection)
    {
        var marker = $"{Marker}{++_markers}";
        await connection.SendAsync(Frames.Message(null, marker, null));
        await ExpectAsync("message", happened => happened.Text("data") == marker, $"the data '{marker}'");
    }

    /// <summary>All events so far, for a failure.</summary>
    public string Describe() => $"The client has reported:\n{string.Concat(Events.Select(static happened => $"  {happened.GetRawText()}\n"))}";

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static bool IsOutcome(JsonElement happened, string id) =>
        happened.Text("event") is "sent" or "refused" && happened.Text("id") == id;

    private static string ToText(JsonElement happened)
    {
        var (type, position) = (happened.Text("event"), happened.Text("position"));
        var content = happened.Text("deleted") == "true" ? "deleted" : happened.Text("data") ?? happened.Text("json") ?? happened.Text("base64");
        return type switch
        {
            "message" => $"{position} {content}".TrimStart(),
            "change" => $"change {position} {content}",
            "gap" => $"gap {(happened.Text("reset") == "true" ? "reset" : happened.Text("missed"))}",
            "signal" => $"signal {happened.Text("name")}",
            "read" => $"read {position}",
            "state" => happened.Text("state")!,
            _ => type!,
        };
    }

    private void Take(string line)
    {
        JsonElement happened;
        try
        {
            happened = JsonElement.Parse(line);
        }
        catch (JsonException)
        {
            happened = JsonSerializer.SerializeToElement(new { @event = "not JSON", line });
        }

        TaskCompletionSource next;
        lock (_events)
        {
            _events.Add(happened);
            (next, _next) = (_next, NewSignal());
        }

        next.TrySetResult();
    }

    /// <summary>Waits until a function finds something in the events.</summary>
    private Task<JsonElement> FindAsync(Func<List<JsonElement>, JsonElement?> find, string expectation)
    {
        return SearchAsync().InTime(expectation);

        async Task<JsonElement> SearchAsync()
        {
            while (true)
            {
                Task next;
                lock (_events)
                {
                    if (find(_events) is { } found)
                        return found;
                    next = _next.Task;
                }

                await next;
            }
        }
    }

    private Task WriteAsync(object command) => _lines.WriteAsync(JsonSerializer.Serialize(command, Options));
}
