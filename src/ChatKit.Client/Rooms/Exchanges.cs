using ChatKit.Client.Connections;
using ChatKit.Client.Protocol;

namespace ChatKit.Client.Rooms;

/// <summary>Signals, positions that the user has read, and older messages. A room that is null means the home room. Takes the lock.</summary>
internal sealed class Exchanges(Session session)
{
    private const int MaxNames = 32;

    private MessagePosition? _earlyRead; // in the home room, before its name is known

    public void Signal(RoomState? room, string name, string? data)
    {
        lock (session.Gate)
        {
            if (Find(room) is not { } state || LinkOf(state) is not { } link)
                return;
            var now = session.Time.GetTimestamp();
            var sent = state.Signals ??= [];
            if (sent.TryGetValue(name, out var last) && session.Time.GetElapsedTime(last, now) < session.Settings.Times.Signal)
                return;
            if (sent.Count >= MaxNames)
                sent.Clear();
            sent[name] = now;
            link.Send(ClientFrames.Signal(session.Rooms.AddressOf(state.Name), name, data));
        }
    }

    public void MarkRead(RoomState? room, MessagePosition position)
    {
        lock (session.Gate)
        {
            if (session.IsDisposed)
                return;
            if (Find(room) is { } state)
                state.Cursor.Read(position);
            else if (position.IsAfter(_earlyRead))
                _earlyRead = position;
        }
    }

    /// <summary>The name of the home room is known.</summary>
    public void OnHome(RoomState home)
    {
        if (_earlyRead is not { } position)
            return;
        _earlyRead = null;
        home.Cursor.Read(position);
    }

    /// <summary>One request after the other, so that each continues where the previous one ended.</summary>
    public Task<OlderMessages> GetOlderAsync(RoomState? room, int limit, MessagePosition? before)
    {
        lock (session.Gate)
        {
            if (Find(room) is not { } state)
                return Task.FromException<OlderMessages>(Requests.NoConnection());
            var result = GetOlderAsync(state, state.Older ?? Task.CompletedTask, limit, before);
            state.Older = result;
            return result;
        }
    }

    private async Task<OlderMessages> GetOlderAsync(RoomState state, Task previous, int limit, MessagePosition? before)
    {
        await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var answer = new TaskCompletionSource<OlderMessages>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (session.Gate)
        {
            if (LinkOf(state) is not { } link)
                throw Requests.NoConnection();
            var reference = session.NextRef();
            link.Requests.Add(reference, link.Sent, (error, frame) =>
            {
                if (error is not null)
                    answer.TrySetException(error);
                else
                    answer.TrySetResult(Take(state, frame!));
            });
            link.Send(ClientFrames.History(reference, session.Rooms.AddressOf(state.Name), before ?? state.First, limit));
        }

        return await answer.Task.ConfigureAwait(false);
    }

    private static OlderMessages Take(RoomState state, ServerFrame frame)
    {
        MessageReceived[] messages = [.. (frame.Messages ?? []).Select(message =>
        {
            var position = state.Known(MessagePosition.Parse(message.Position!));
            return FrameHandler.ToMessage(message, state.Name, position, isLive: false);
        })];
        if (messages is [{ Position: { } first }, ..])
            state.First = first;
        return new OlderMessages(messages, frame.More);
    }

    private RoomState? Find(RoomState? room) => room ?? (session.Home is { } home ? session.Rooms.StateOf(home) : null);

    /// <summary>The connection on which the client can send to a room; null if it can't.</summary>
    private Link? LinkOf(RoomState state) =>
        session.Connector.Current is { IsOpen: true } link && session.Rooms.Find(state.Name) == state && link.IsIn(state.Name) ? link : null;
}
