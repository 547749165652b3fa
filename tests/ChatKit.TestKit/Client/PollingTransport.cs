using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;

namespace ChatKit.TestKit.Client;

/// <summary>
/// Receives frames with one request after the other, and posts each frame of the client. To the server, each request is a connection of its own;
/// to the client, they are one, which ends when a request fails.
/// </summary>
internal sealed class PollingTransport(ChatClientOptions options, ClientRooms rooms, CancellationToken stop) : HttpTransport(options, rooms, stop)
{
    private readonly Channel<Answer> _answers = Channel.CreateUnbounded<Answer>();

    /// <summary>The rooms that each request joins, besides the home room. Also the lock.</summary>
    private readonly List<Joined> _joined = [];

    /// <summary>Ends the wait of the current request, because it joins too few rooms.</summary>
    private CancellationTokenSource _joining = new();

    private string? _home;

    /// <summary>Two requests can overtake each other.</summary>
    public override bool KeepsOrder => false;

    public override Task ConnectAsync(Uri address, CancellationToken limit) => PollAsync(address, TimeSpan.Zero, [], limit);

    public override async IAsyncEnumerable<ServerFrame> ReceiveAsync()
    {
        await foreach (var answer in _answers.Reader.ReadAllAsync(Ending))
        {
            foreach (var frame in answer.Frames)
                yield return frame;

            // Not earlier, so that the client's positions are those after the answer.
            if (answer.IsOfPoll)
                _ = PollAsync();
        }
    }

    public override async ValueTask SendAsync(ClientFrame frame)
    {
        if (frame.Type == "join")
            Join(frame.Room!, frame.Ref!);
        else if (frame.Type == "leave")
            Leave(frame.Room!);
        else
            await PostAsync(frame);
    }

    private void Join(string room, string reference)
    {
        if (room == _home)
        {
            Add(new ServerFrame { Type = "ack", Ref = reference, Room = room });
            return;
        }

        CancellationTokenSource joining;
        lock (_joined)
        {
            _joined.RemoveAll(joined => joined.Room == room);
            _joined.Add(new Joined(room, reference));
            joining = _joining;
        }

        joining.Cancel();
    }

    private void Leave(string room)
    {
        lock (_joined)
            _joined.RemoveAll(joined => joined.Room == room);
    }

    private async Task PollAsync()
    {
        try
        {
            while (!await TryPollAsync())
            {
            }
        }
        catch (Exception e) when (IsFailure(e))
        {
            _answers.Writer.TryComplete(e);
        }
    }

    /// <summary>Returns false if the client has joined a room meanwhile, so that the request was canceled.</summary>
    private async Task<bool> TryPollAsync()
    {
        Joined[] joined;
        CancellationToken joining;
        lock (_joined)
        {
            joined = [.. _joined];
            if (_joining.IsCancellationRequested)
                _joining = new CancellationTokenSource();
            joining = _joining.Token;
        }

        // A room that the client has just joined may have nothing to wait for.
        var wait = Array.TrueForAll(joined, static one => one.IsIn) ? Options.PollWait : TimeSpan.Zero;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ending, joining);
            var address = await Options.NextAddress(limit.Token);
            limit.CancelAfter(wait + Options.ConnectTimeout);
            await PollAsync(address, wait, joined, limit.Token);
            return true;
        }
        catch (OperationCanceledException) when (joining.IsCancellationRequested && !Ending.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task PollAsync(Uri address, TimeSpan wait, Joined[] joined, CancellationToken limit)
    {
        IEnumerable<string> query =
        [
            "frames=1",
            string.Create(CultureInfo.InvariantCulture, $"wait={wait.TotalSeconds:0}"),
            .. joined.Select(static one => $"join={Uri.EscapeDataString(one.Room)}"),
        ];
        using var response = await GetAsync(WithPositions(address, query), JsonType, limit);
        var answer = await HttpAnswer.ReadAsync(response, limit);
        if (answer is { IsSuccess: true, Type: JsonType }
            && JsonSerializer.Deserialize(answer.Body, FrameContext.Default.Poll) is { Frames: { } frames })
            _answers.Writer.TryWrite(new Answer([.. frames.Select(frame => Translate(frame, joined)).OfType<ServerFrame>()], IsOfPoll: true));
        else if (!TryClose(answer.ReadProblem()))
            throw HttpAnswer.Unexpected(answer.Status);
    }

    /// <summary>Turns a frame of one request into one of the connection that the client sees. Returns null if it has had such a frame.</summary>
    private ServerFrame? Translate(ServerFrame frame, Joined[] joined)
    {
        if (frame.Type == "welcome")
        {
            var isFirst = _home is null;
            _home = frame.Room;
            return isFirst ? frame : null;
        }

        // The server numbers the joins of a request.
        if (frame.Ref is null || joined.Where((_, i) => frame.Ref == $"join-{i}").FirstOrDefault() is not { } join)
            return frame;
        if (join.IsIn && frame.Type == "ack")
            return null;
        join.IsIn = true;
        if (frame.Type == "error")
        {
            lock (_joined)
                _joined.Remove(join);
        }

        return frame with { Ref = join.Ref };
    }

    private async Task PostAsync(ClientFrame frame)
    {
        var answer = await PostAsync(frame.Json);
        if (answer is { IsSuccess: true, Body.Length: > 0 })
            Add(JsonSerializer.Deserialize(answer.Body, FrameContext.Default.ServerFrame)!);
        else if (!answer.IsSuccess && answer.ReadProblem() is var problem && !TryClose(problem))
            Add(problem?.ToError(frame.Ref) ?? throw HttpAnswer.Unexpected(answer.Status));
    }

    private void Add(ServerFrame frame) => _answers.Writer.TryWrite(new Answer([frame]));

    /// <summary>Ends the connection if a response says that the server has closed it.</summary>
    private bool TryClose(Problem? problem)
    {
        if (problem is not { CloseCode: { } code })
            return false;
        Close = ((WebSocketCloseStatus)code, problem.Detail);
        _answers.Writer.TryComplete();
        return true;
    }

    /// <param name="Frames">The frames of a response.</param>
    /// <param name="IsOfPoll">Whether the next poll follows when they were read.</param>
    private readonly record struct Answer(ServerFrame[] Frames, bool IsOfPoll = false);

    /// <summary>A room that the client has joined.</summary>
    /// <param name="room">The room.</param>
    /// <param name="reference">The ref of the client's frame.</param>
    private sealed class Joined(string room, string reference)
    {
        public string Room { get; } = room;

        public string Ref { get; } = reference;

        /// <summary>Whether the server has let the client in, or refused it.</summary>
        public bool IsIn { get; set; }
    }
}
