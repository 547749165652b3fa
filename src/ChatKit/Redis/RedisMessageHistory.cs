using System.Globalization;
using ChatKit.History;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>Keeps the last messages of each room in Redis. All nodes share them, and they survive a restart.</summary>
internal sealed class RedisMessageHistory(
    RedisConnection connection, RedisRooms rooms, IOptions<RedisOptions> redis, IOptions<ChatKitOptions> options) : IMessageHistory
{
    private const string NotStored = "The message was not stored and was not delivered";
    private const string NotRead = "The history could not be read";

    /// <summary>The size in bytes at which an answer ends. Redis sends it in about a millisecond.</summary>
    private const int PartLimit = 1024 * 1024;

    private readonly SpareEpoch _spare = new();

    public ValueTask<AppendResult> AppendAsync(string room, ChatMessage message, int? capacity, CancellationToken cancellationToken) =>
        AppendAsync(room, message, capacity, publish: false, cancellationToken);

    /// <summary>Appends a message and publishes it in the same step, if it is new.</summary>
    public async ValueTask<AppendResult> AppendAsync(
        string room, ChatMessage message, int? capacity, bool publish, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room, message, capacity);
        cancellationToken.ThrowIfCancellationRequested();
        var (to, epoch) = (rooms[room], _spare.Peek());
        var known = to.Known;
        try
        {
            var database = await connection.GetDatabaseAsync().ConfigureAwait(false);
            var answer = await RunAsync(
                database,
                RedisScripts.Append,
                to.KeysFor(message.IdempotencyKey),
                [
                    RedisEntry.Encode(message),
                    capacity?.ToString(CultureInfo.InvariantCulture) ?? "",
                    options.Value.HistoryCapacity,
                    (long)options.Value.RoomTimeToLive.TotalMilliseconds,
                    epoch,
                    (long)IdempotencyKeys.Lifetime.TotalMilliseconds,
                    known.Epoch,
                    known.Sequence,
                    publish ? connection.PublishCommand : "",
                    publish ? connection.NameInScripts(to.Channel) : "",
                ],
                cancellationToken).ConfigureAwait(false);
            var position = new MessagePosition((string)answer[0]!, (long)answer[1]);
            if (position.Epoch == epoch)
                _spare.Used(epoch);

            // A duplicate has an earlier position, possibly in another epoch.
            var isNew = (bool)answer[2];
            if (isNew)
                to.Note(position);
            return new AppendResult(position, isNew);
        }
        catch (Exception e) when (connection.UnavailableOf(e, NotStored) is { } unavailable)
        {
            _spare.Used(epoch);
            throw unavailable;
        }
    }

    /// <summary>
    /// Reads a large page in parts, so that Redis and the node's shared connection can serve other rooms in between. If messages are
    /// trimmed in the meantime, the page starts after them.
    /// </summary>
    public async ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room);
        cancellationToken.ThrowIfCancellationRequested();
        var from = rooms[room];
        var first = await ReadPartAsync(from, after, cancellationToken).ConfigureAwait(false);
        if (first is null)
            return HistoryPage.OfEmptyRoom(after);

        List<ChatMessage> messages = [.. first.Messages];
        var (top, missed) = (first.Top, first.Missed);
        for (var part = first; !part.IsLast;)
        {
            part = await ReadPartAsync(from, messages[^1].Position, cancellationToken).ConfigureAwait(false);
            if (part is null || part.Restarted)
                throw new HistoryUnavailableException($"{NotRead}: Redis lost the room while it was being read.");
            if (part.Missed > 0)
            {
                missed += messages.Count + part.Missed;
                messages.Clear();
            }

            messages.AddRange(part.Messages);
            top = part.Top;
        }

        from.Note(top);
        return new HistoryPage(messages, top, after is null ? 0 : missed, first.Restarted);
    }

    /// <returns>The first part of the messages after a position; null if the room is empty.</returns>
    private async ValueTask<Part?> ReadPartAsync(RedisRoom room, MessagePosition? after, CancellationToken cancellationToken)
    {
        try
        {
            var database = await connection.GetDatabaseAsync().ConfigureAwait(false);
            var timeToLive = (long)options.Value.RoomTimeToLive.TotalMilliseconds;
            RedisValue[] arguments = [after?.Epoch ?? "", after?.Sequence ?? RedisValue.EmptyString, timeToLive, PartLimit];
            var answer = await RunAsync(database, RedisScripts.Read, room.Keys, arguments, cancellationToken).ConfigureAwait(false);
            if (answer.Length == 0)
                return null;

            var top = new MessagePosition((string)answer[0]!, (long)answer[1]);
            var count = (int)answer[5];
            var messages = Decode((RedisValue[])answer[4]!, top with { Sequence = top.Sequence - count });
            return new Part(messages, top, Missed: (long)answer[2], Restarted: (bool)answer[3], IsLast: messages.Length == count);
        }
        catch (Exception e) when (connection.UnavailableOf(e, NotRead) is { } unavailable)
        {
            throw unavailable;
        }
    }

    /// <summary>
    /// Starts a new epoch if Redis has lost messages that this node has seen. Otherwise new messages would take the positions of messages
    /// that clients have received.
    /// </summary>
    /// <exception cref="HistoryUnavailableException">Redis can't be reached, or refuses the command.</exception>
    public async ValueTask ForkIfRewoundAsync(RedisRoom room)
    {
        var (known, epoch) = (room.Known, _spare.Peek());
        if (known == MessagePosition.None)
            return;

        try
        {
            var database = await connection.GetDatabaseAsync().ConfigureAwait(false);
            var answer = await RunAsync(
                database, RedisScripts.Fork, room.Keys, [known.Epoch, known.Sequence, epoch], CancellationToken.None).ConfigureAwait(false);
            if (answer.Length == 0)
                return;

            var position = new MessagePosition((string)answer[0]!, (long)answer[1]);
            if (position.Epoch == epoch)
                _spare.Used(epoch);
            room.Note(position);
        }
        catch (Exception e) when (connection.UnavailableOf(e, NotRead) is { } unavailable)
        {
            _spare.Used(epoch);
            throw unavailable;
        }
    }

    private static async Task<RedisResult[]> RunAsync(
        IDatabase database, RedisScript script, RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellationToken) =>
        (RedisResult[])(await script.RunAsync(database, keys, arguments).WaitAsync(cancellationToken).ConfigureAwait(false))!;

    /// <param name="entries">The entries.</param>
    /// <param name="before">The position before the first entry.</param>
    private ChatMessage[] Decode(RedisValue[] entries, MessagePosition before)
    {
        try
        {
            var messages = new ChatMessage[entries.Length];
            for (var i = 0; i < entries.Length; i++)
                messages[i] = RedisEntry.Decode(entries[i], before with { Sequence = before.Sequence + 1 + i });
            return messages;
        }
        catch (InvalidDataException e)
        {
            throw new HistoryUnavailableException(
                $"Redis contains an entry under ChatKit's keys that is not a message: {e.Message} Check whether another application uses "
                + $"the prefix '{redis.Value.KeyPrefix}'.",
                e);
        }
    }

    private sealed record Part(ChatMessage[] Messages, MessagePosition Top, long Missed, bool Restarted, bool IsLast);
}
