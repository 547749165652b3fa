using System.Buffers;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using ChatKit.ChatKitV1;

namespace ChatKit.Connections.Messages;

/// <summary>
/// Carries the messages of rooms to a client that reads them with one request, and waits for something new if it has everything. Such a client
/// is a member of its rooms meanwhile: a message wakes all that wait without reading the history.
/// </summary>
internal sealed class PollTransport : ShortTransport
{
    /// <summary>How long the rooms may take until the client has caught up.</summary>
    private static readonly TimeSpan CatchUpTimeout = TimeSpan.FromSeconds(10);

    private readonly PollRequest _request;
    private readonly TimeProvider _clock;
    private readonly byte[] _room;
    private readonly PollContent _content;
    private readonly int _byteLimit;
    private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The rooms in which the client has not caught up. Also guards what is collected.</summary>
    private readonly HashSet<string> _behind;

    private bool _hasEnded;

    public PollTransport(
        PollRequest request, WebSocketConnectionInfo info, WebSocketConnectionOptions options, TimeProvider clock, CancellationToken gone)
        : base(options, gone)
    {
        (_request, _clock, _byteLimit) = (request, clock, options.OutboundQueueLimit);
        _room = Encoding.UTF8.GetBytes(info.Room);
        _behind = [info.Room, .. request.Rooms];
        StreamPosition? after = info.ResumeAfterWithRevisions().TryGetValue(info.Room, out var position) ? position : null;
        _content = new PollContent(info.Room, after, request);
    }

    public override bool WaitsForMessages => _request.Wait > TimeSpan.Zero;

    public override int? Replay => _request.Limit;

    private bool HasNews => _content.HasUntagged || (_content.HasNews && !_request.KnownTags.Contains(_content.Tag));

    /// <summary>The result, once the connection has ended.</summary>
    public PollResult Result()
    {
        lock (_behind)
        {
            return new PollResult
            {
                Body = _content.ToJson(),
                Tag = _content.HasUntagged ? null : _content.Tag,
                HasNews = HasNews,
                IsComplete = _caughtUp.Task.IsCompleted,
                Close = Close,
            };
        }
    }

    protected override async Task RunAsync()
    {
        var number = 0;
        foreach (var room in _request.Rooms)
            await Listener.OnMessageAsync(new WebSocketMessage(Join(room, number++), WebSocketMessageType.Text)).ConfigureAwait(false);

        // A client that has gone does not catch up.
        Task either = Task.WhenAny(_caughtUp.Task, _done.Task);
        await either.WaitAsync(CatchUpTimeout, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_caughtUp.Task.IsCompleted && _request.Wait > TimeSpan.Zero)
            await _done.Task.WaitAsync(_request.Wait, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        End();
    }

    protected override void Collect(ReadOnlySpan<byte> json)
    {
        var head = V1FrameHead.Read(json);
        lock (_behind)
        {
            if (head.Type == V1FrameType.Ping)
                return;
            var isHome = head.Room.SequenceEqual(_room);
            if (_hasEnded)
            {
                _content.Omit(head, isHome);
                return;
            }

            if (!_content.TryAdd(head, json, isHome))
            {
                Cut();
                return;
            }

            if (head.Type is V1FrameType.Live or V1FrameType.Left)
                _behind.Remove(Encoding.UTF8.GetString(head.Room));
            else if (head.Type == V1FrameType.Error)
                _behind.Remove(RoomOf(json));
        }
    }

    protected override void OnCollected()
    {
        lock (_behind)
        {
            if (_behind.Count == 0)
                _caughtUp.TrySetResult();
            if (_content.Size > _byteLimit)
                Cut();
            else if (_behind.Count == 0 && HasNews)
                EndNow();
        }
    }

    protected override void End()
    {
        lock (_behind)
            EndNow();
    }

    /// <summary>Ends the wait, because there is space for no more. A client that has not caught up goes on with its next request.</summary>
    private void Cut()
    {
        _caughtUp.TrySetResult();
        EndNow();
    }

    private void EndNow()
    {
        if (_content.HasNews || Close is not null)
            _caughtUp.TrySetResult();
        _hasEnded = true;
        _done.TrySetResult();
    }

    private static byte[] Join(string room, int number)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("type", V1ClientFrame.JoinType);
            json.WriteString("ref", RefOf(number));
            json.WriteString("room", room);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static string RefOf(int number) => string.Create(CultureInfo.InvariantCulture, $"join-{number}");

    /// <summary>The room that could not be joined; empty if an error concerns something else.</summary>
    private string RoomOf(ReadOnlySpan<byte> error)
    {
        using var document = JsonDocument.Parse(error.ToArray());
        var reference = document.RootElement.TryGetProperty("ref", out var value) ? value.GetString() : null;
        return _request.Rooms.Where((_, i) => RefOf(i) == reference).FirstOrDefault("");
    }
}
