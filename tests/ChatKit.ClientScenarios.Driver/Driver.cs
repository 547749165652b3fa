using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ChatKit.Client;

namespace ChatKit.ClientScenarios.Driver;

/// <summary>Carries out commands with a client, and writes what it reports.</summary>
internal sealed class Driver : IAsyncDisposable
{
    private static readonly JsonTypeInfo<JsonElement> AnyJson =
        (JsonTypeInfo<JsonElement>)JsonSerializerOptions.Default.GetTypeInfo(typeof(JsonElement));

    private readonly TextWriter _output;
    private readonly Lock _writing = new();
    private readonly Dictionary<string, Task<JoinedRoom>> _rooms = [];
    private ChatClient? _client;
    private readonly List<Task> _answers = [];
    private Task _reading = Task.CompletedTask;

    public Driver(TextWriter output)
    {
        _output = output;
        Write(new { @event = "ready" });
    }

    public async Task HandleAsync(string line)
    {
        var command = Command.Parse(line);
        switch (command.Name)
        {
            case "connect":
                Connect(command);
                break;
            case "close":
                await DisposeAsync();
                Write(new { @event = "ready" });
                break;
            case "join":
                Join(command.Room!);
                break;
            case "leave":
                Ignore(_client!.LeaveAsync(command.Room!));
                break;
            case "signal":
                (await InAsync(command)).Signal(command.SignalName!, command.Data);
                break;
            case "read":
                (await InAsync(command)).MarkRead(MessagePosition.Parse(command.Position!));
                break;
            case "older":
                _answers.Add(AnswerAsync(command, GetOlderAsync));
                break;
            default:
                _answers.Add(AnswerAsync(command, SendAsync));
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is { } client)
        {
            await client.DisposeAsync();
            await _reading;
            await Task.WhenAll(_answers);
        }

        _client = null;
        _rooms.Clear();
        _answers.Clear();
    }

    private void Connect(Command command)
    {
        // The options state positions only, and the address can state revisions as well.
        var after = string.Join('&', (command.After ?? []).Select(static pair => $"after={Uri.EscapeDataString($"{pair.Key}~{pair.Value}")}"));
        _client = new ChatClient(after.Length == 0 ? command.Url! : new UriBuilder(command.Url!) { Query = after }.Uri, ToOptions(command));
        _reading = ReportAsync(_client);
        Ignore(_client.ConnectAsync());
    }

    private static ChatClientOptions ToOptions(Command command)
    {
        var options = new ChatClientOptions { CloseTimeout = TimeSpan.FromMilliseconds(200) };
        if (command.Transports is { } transports)
        {
            options.Transports = [.. transports.Select(static transport => transport switch
            {
                "websocket" => ChatTransport.WebSockets,
                "eventsource" => ChatTransport.ServerSentEvents,
                _ => ChatTransport.Polling,
            })];
        }

        TimeSpan Time(string name, TimeSpan usual) =>
            command.Times?.TryGetValue(name, out var milliseconds) == true ? TimeSpan.FromMilliseconds(milliseconds) : usual;

        var (usual, jitter) = (options.Times, new FullJitterRetryPolicy());
        jitter = new FullJitterRetryPolicy { First = Time("backoff", jitter.First), Limit = Time("backoffLimit", jitter.Limit) };
        options.RetryPolicy = jitter;
        options.ConnectTimeout = Time("connect", options.ConnectTimeout);
        options.Times = usual with
        {
            Backoff = jitter,
            Refused = Time("refused", usual.Refused),
            Busy = Time("busy", usual.Busy),
            Resend = Time("resend", usual.Resend),
            Read = Time("read", usual.Read),
            Signal = Time("signal", usual.Signal),
            Fallback = Time("fallback", usual.Fallback),
            Grace = Time("grace", usual.Grace),
        };
        return options;
    }

    /// <summary>The room is left, or its join is refused, without an event of its own.</summary>
    private void Join(string room)
    {
        var joining = _client!.JoinAsync(room);
        _rooms[room] = joining;
        Ignore(joining);
    }

    private async Task<ChatConversation> InAsync(Command command)
    {
        if (command.Room is not { } room)
            return _client!;
        return _rooms.TryGetValue(room, out var joining) ? await joining : await _client!.JoinAsync(room);
    }

    private async Task<object> SendAsync(Command command)
    {
        var room = await InAsync(command);
        MessagePosition? position = command.Position is { } text ? MessagePosition.Parse(text) : null;
        switch (command.Name)
        {
            case "edit" when command.Data is { } data:
                await room.EditAsync(position!.Value, data);
                return new { @event = "sent", command.Id };
            case "delete":
                await room.DeleteAsync(position!.Value);
                return new { @event = "sent", command.Id };
            case "send":
                var stored = command.Data is { } content ? await room.SendAsync(content)
                    : command.Base64 is { } bytes ? await room.SendAsync(bytes)
                    : await room.SendAsync(command.Json!.Value, AnyJson);
                return new { @event = "sent", command.Id, position = stored == MessagePosition.None ? null : stored.ToString() };
            default:
                throw new InvalidOperationException($"There is no command '{command.Name}'.");
        }
    }

    private async Task<object> GetOlderAsync(Command command)
    {
        MessagePosition? before = command.Before is { } text ? MessagePosition.Parse(text) : null;
        var older = await (await InAsync(command)).GetOlderAsync(command.Limit ?? 50, before);
        return new { @event = "older", command.Id, messages = older.Messages.Select(ToEvent), more = older.More };
    }

    private async Task AnswerAsync(Command command, Func<Command, Task<object>> carryOut)
    {
        try
        {
            Write(await carryOut(command));
        }
        catch (ChatException e)
        {
            Write(new { @event = "refused", command.Id, code = e.Code });
        }
        catch (ObjectDisposedException)
        {
            // The scenario has ended.
        }
    }

    private async Task ReportAsync(ChatClient client)
    {
        await foreach (var happened in client.Events())
        {
            if (ToEvent(happened) is { } line)
                Write(line);
        }
    }

    private static object? ToEvent(ChatEvent happened) => happened switch
    {
        MessageReceived message => new
        {
            @event = "message",
            message.Room,
            position = message.Position?.ToString(),
            message.From,
            at = message.At,
            data = message.Text,
            base64 = ToBase64(message.Bytes),
            json = message.Json,
            edited = message.EditedAt is null || message.IsDeleted ? null : (bool?)true,
            deleted = message.IsDeleted ? true : (bool?)null,
            live = message.IsLive,
        },
        MessageChanged change => new
        {
            @event = "change",
            change.Room,
            position = change.Position.ToString(),
            change.By,
            data = change.Text,
            base64 = ToBase64(change.Bytes),
            json = change.Json,
            deleted = change.IsDeleted ? true : (bool?)null,
        },
        GapDetected gap => new
        {
            @event = "gap",
            gap.Room,
            after = gap.After.ToString(),
            next = gap.Next?.ToString(),
            gap.Missed,
            reset = gap.IsReset ? true : (bool?)null,
        },
        RoomLive live => new { @event = "live", live.Room, live.Recovered, read = live.Read?.ToString(), live.Unread },
        PresenceChanged presence => new
        {
            @event = "presence",
            presence.Room,
            here = presence.Here.Order(StringComparer.Ordinal),
            presence.Count,
            presence.Members,
        },
        SignalReceived signal => new { @event = "signal", signal.Room, signal.From, signal.Name, signal.Data },
        ReadMoved read => new { @event = "read", read.Room, read.User, position = read.Position.ToString() },
        RoomLeft left => new { @event = "left", left.Room, left.Reason },
        StateChanged state => new
        {
            @event = "state",
            state = state.State.ToString().ToLower(CultureInfo.InvariantCulture),
            code = state.CloseCode,
            state.Reason,
            retryIn = state.RetryAt is { } at ? (at - DateTimeOffset.UtcNow).TotalMilliseconds : (double?)null,
        },
        ErrorReceived { Kind: null, Ref: null, Room: { } room, Code: not ChatErrorCodes.Unavailable } error =>
            new { @event = "refused", room, error.Code },
        ErrorReceived { Kind: null } error => new { @event = "error", error.Room, error.Code },
        _ => null,
    };

    private static string? ToBase64(ReadOnlyMemory<byte>? bytes) => bytes is { } content ? Convert.ToBase64String(content.Span) : null;

    /// <summary>Events report the outcome as well.</summary>
    private static void Ignore(Task task) => task.ContinueWith(static failed => _ = failed.Exception, TaskScheduler.Default);

    private void Write(object line)
    {
        lock (_writing)
        {
            _output.WriteLine(JsonSerializer.Serialize(line, line.GetType(), Command.Format));
            _output.Flush();
        }
    }
}
