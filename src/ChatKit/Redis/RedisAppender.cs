using ChatKit.History;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>Appends messages of one room, all in one call of the script.</summary>
internal sealed class RedisAppender(RedisConnection connection, IOptions<ChatKitOptions> options)
{
    /// <summary>The number of arguments before those of the first message, and for each message.</summary>
    private const int Head = 9, PerMessage = 2;

    private readonly SpareEpoch _spare = new();

    /// <summary>
    /// Sends the call before it returns, if there is a connection, so that calls run in the order in which they are made.
    /// </summary>
    /// <param name="room">The room.</param>
    /// <param name="messages">The messages, all of which are published or none.</param>
    /// <param name="listener">Is notified when the call has ended, before the caller; null if nobody is.</param>
    /// <exception cref="RedisException">No message was stored, or it isn't known whether any was.</exception>
    public Task<RedisAppendAnswer> AppendAsync(RedisRoom room, ReadOnlySpan<RedisAppend> messages, IRedisCallListener? listener = null)
    {
        var arguments = new RedisValue[Head + (PerMessage * messages.Length)];
        for (var i = 0; i < messages.Length; i++)
        {
            arguments[Head + (PerMessage * i)] = messages[i].Entry;
            arguments[Head + (PerMessage * i) + 1] = messages[i].Capacity ?? RedisValue.EmptyString;
        }

        return CallAsync(room, KeysOf(room, messages), arguments, messages[0].Publish, listener);
    }

    private static RedisKey[] KeysOf(RedisRoom room, ReadOnlySpan<RedisAppend> messages)
    {
        var keys = room.Keys;
        for (var i = 0; i < messages.Length; i++)
        {
            if (messages[i].IdempotencyKey is not { } key)
                continue;

            if (keys.Length == room.Keys.Length)
            {
                // The place of a message without a key takes a name that is sent anyway.
                keys = new RedisKey[room.Keys.Length + messages.Length];
                keys.AsSpan().Fill(room.Keys[0]);
                room.Keys.CopyTo(keys, 0);
            }

            keys[room.Keys.Length + i] = room.KeyOf(key);
        }

        return keys;
    }

    private async Task<RedisAppendAnswer> CallAsync(
        RedisRoom room, RedisKey[] keys, RedisValue[] arguments, bool publish, IRedisCallListener? listener)
    {
        var epoch = _spare.Peek();
        try
        {
            var database = await connection.GetDatabaseAsync().ConfigureAwait(false);
            var (known, revision) = room.Known;
            arguments[0] = options.Value.HistoryCapacity;
            arguments[1] = (long)options.Value.RoomTimeToLive.TotalMilliseconds;
            arguments[2] = epoch;
            arguments[3] = (long)IdempotencyKeys.Lifetime.TotalMilliseconds;
            arguments[4] = known.Epoch;
            arguments[5] = known.Sequence;
            arguments[6] = revision;
            arguments[7] = publish ? connection.PublishCommand : "";
            arguments[8] = publish ? connection.NameInScripts(room.Channel) : "";
            var items = (RedisResult[])(await RedisScripts.Append.RunAsync(database, keys, arguments).ConfigureAwait(false))!;
            var answer = new RedisAppendAnswer((string)items[0]!, items);
            if (answer.Epoch == epoch)
                _spare.Used(epoch);
            if (answer.Last is { } last)
                room.Note(last);
            return answer;
        }
        catch (Exception e) when (RedisFailure.IsCauseOf(e))
        {
            _spare.Used(epoch);
            throw;
        }
        finally
        {
            listener?.OnCallEnded();
        }
    }
}
