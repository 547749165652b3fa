using ChatKit.History;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>Reads the messages of rooms in Redis.</summary>
internal sealed class RedisHistoryReader(
    RedisConnection connection, RedisRooms rooms, IOptions<RedisOptions> redis, IOptions<ChatKitOptions> options)
{
    /// <summary>The reason for an exception.</summary>
    public const string NotRead = "The history could not be read";

    /// <summary>The size in bytes at which an answer ends. Redis sends it in about a millisecond.</summary>
    private const int PartLimit = 1024 * 1024;

    public async ValueTask<OlderMessages> ReadBeforeAsync(string room, MessagePosition? before, int limit, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room, limit);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var database = await connection.GetDatabaseAsync().ConfigureAwait(false);
            RedisValue[] arguments = [before?.Epoch ?? "", before?.Sequence ?? RedisValue.EmptyString, limit, PartLimit];
            var answer = await RedisScripts.ReadBefore.RunAsync(database, rooms[room].Keys, arguments, cancellationToken).ConfigureAwait(false);
            return answer.Length == 0
                ? OlderMessages.None
                : new OlderMessages(Decode((RedisValue[])answer[2]!, new MessagePosition((string)answer[0]!, (long)answer[1])), (bool)answer[3]);
        }
        catch (Exception e) when (connection.UnavailableOf(e, NotRead) is { } unavailable)
        {
            throw unavailable;
        }
    }

    /// <summary>
    /// Reads a large page in parts, so that Redis and the node's shared connection can serve other rooms in between. If messages are
    /// trimmed in the meantime, the page starts after them. If they are changed, the page has them as they are afterwards.
    /// </summary>
    public async ValueTask<HistoryPage> ReadAsync(
        string room, MessagePosition? after, long? revision, int? limit, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room);
        cancellationToken.ThrowIfCancellationRequested();
        var from = rooms[room];
        var first = await ReadPartAsync(from, after, revision, limit, cancellationToken).ConfigureAwait(false);
        if (first is null)
            return HistoryPage.OfEmptyRoom(after);

        List<ChatMessage> messages = [.. first.Messages];
        List<ChatMessage> changes = [.. first.Changes];
        var (part, missed) = (first, first.Missed);
        while (!part.IsLast)
        {
            part = await ReadPartAsync(from, messages[^1].Position, part.Revision, null, cancellationToken).ConfigureAwait(false);
            if (part is null || part.Restarted)
                throw new HistoryUnavailableException($"{NotRead}: Redis lost the room while it was being read.");
            if (part.Missed > 0)
            {
                missed += messages.Count + part.Missed;
                messages.Clear();
            }

            Merge(part.Changes, messages, changes);
            messages.AddRange(part.Messages);
        }

        from.Note(part.Top, part.Revision);
        return new HistoryPage(messages, part.Top, after is null ? 0 : missed, first.Restarted)
        {
            Revision = part.Revision,
            Changes = [.. changes.OrderBy(static message => message.Revision)],
        };
    }

    /// <summary>Applies changes that were made while earlier parts were read.</summary>
    private static void Merge(ChatMessage[] later, List<ChatMessage> messages, List<ChatMessage> changes)
    {
        foreach (var change in later)
        {
            if (!Replace(messages, change) && !Replace(changes, change))
                changes.Add(change);
        }
    }

    private static bool Replace(List<ChatMessage> messages, ChatMessage change)
    {
        var index = messages.FindIndex(message => message.Position!.Value.Sequence == change.Position!.Value.Sequence);
        if (index >= 0)
            messages[index] = change;
        return index >= 0;
    }

    /// <returns>All changes and the first part of the messages that a reader lacks; null if the room is empty.</returns>
    private async ValueTask<Part?> ReadPartAsync(
        RedisRoom room, MessagePosition? after, long? revision, int? limit, CancellationToken cancellationToken)
    {
        try
        {
            var database = await connection.GetDatabaseAsync().ConfigureAwait(false);
            RedisValue[] arguments =
            [
                after?.Epoch ?? "",
                after?.Sequence ?? RedisValue.EmptyString,
                (long)options.Value.RoomTimeToLive.TotalMilliseconds,
                PartLimit,
                revision ?? RedisValue.EmptyString,
                limit ?? RedisValue.EmptyString,
            ];
            var answer = await RedisScripts.Read.RunAsync(database, room.Keys, arguments, cancellationToken).ConfigureAwait(false);
            if (answer.Length == 0)
                return null;

            var top = new MessagePosition((string)answer[0]!, (long)answer[1]);
            var count = (int)answer[5];
            var messages = Decode((RedisValue[])answer[4]!, top with { Sequence = top.Sequence - count });
            var pairs = (RedisValue[])answer[7]!;
            var changes = new ChatMessage[pairs.Length / 2];
            for (var i = 0; i < changes.Length; i++)
                changes[i] = Decode(pairs[(2 * i) + 1], top with { Sequence = (long)pairs[2 * i] });
            return new Part(
                messages,
                changes,
                top,
                Revision: (long)answer[6],
                Missed: (long)answer[2],
                Restarted: (bool)answer[3],
                IsLast: messages.Length == count);
        }
        catch (Exception e) when (connection.UnavailableOf(e, NotRead) is { } unavailable)
        {
            throw unavailable;
        }
    }

    /// <param name="entries">The entries.</param>
    /// <param name="before">The position before the first entry.</param>
    private ChatMessage[] Decode(RedisValue[] entries, MessagePosition before)
    {
        var messages = new ChatMessage[entries.Length];
        for (var i = 0; i < entries.Length; i++)
            messages[i] = Decode(entries[i], before with { Sequence = before.Sequence + 1 + i });
        return messages;
    }

    /// <exception cref="HistoryUnavailableException">The entry is not a message.</exception>
    public ChatMessage Decode(RedisValue entry, MessagePosition position)
    {
        try
        {
            return RedisEntry.Decode(entry, position);
        }
        catch (InvalidDataException e)
        {
            throw new HistoryUnavailableException(
                $"Redis contains an entry under ChatKit's keys that is not a message: {e.Message} Check whether another application uses "
                + $"the prefix '{redis.Value.KeyPrefix}'.",
                e);
        }
    }

    private sealed record Part(
        ChatMessage[] Messages, ChatMessage[] Changes, MessagePosition Top, long Revision, long Missed, bool Restarted, bool IsLast);
}
