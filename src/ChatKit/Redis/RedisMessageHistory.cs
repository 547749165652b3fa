using System.Globalization;
using ChatKit.History;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>Keeps the last messages of each room in Redis, for all nodes and beyond a restart.</summary>
internal sealed class RedisMessageHistory(
    RedisConnection connection, IOptions<RedisOptions> redis, IOptions<ChatKitOptions> options) : IMessageHistory
{
    public async ValueTask<AppendResult> AppendAsync(
        string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room, message, capacity);
        var answer = await RunAsync(
            RedisScripts.Append,
            RedisKeys.OfMessage(redis.Value.KeyPrefix, room, message.IdempotencyKey),
            [
                RedisEntry.Encode(message),
                capacity?.ToString(CultureInfo.InvariantCulture) ?? "",
                options.Value.HistoryCapacity,
                (long)options.Value.RoomTimeToLive.TotalMilliseconds,
                Epoch.Create(),
                message.IdempotencyKey ?? "",
                (long)IdempotencyKeys.Lifetime.TotalMilliseconds,
            ],
            "The message was not stored, and nobody has received it",
            cancellationToken).ConfigureAwait(false);
        return new AppendResult(new MessagePosition((string)answer[0]!, (long)answer[1]), IsNew: (bool)answer[2]);
    }

    public async ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room);
        var answer = await RunAsync(
            RedisScripts.Read,
            RedisKeys.OfRoom(redis.Value.KeyPrefix, room),
            [after?.Epoch ?? "", after?.Sequence ?? 0],
            "The history could not be read",
            cancellationToken).ConfigureAwait(false);
        if (answer.Length == 0)
            return HistoryPage.OfEmptyRoom(after);

        var top = new MessagePosition((string)answer[0]!, (long)answer[1]);
        var (count, missed, restarted) = HistoryPage.Plan(top, (long)answer[2], after);
        return new HistoryPage(Decode((RedisValue[])answer[3]!, count, top), top, missed, restarted);
    }

    private ChatMessage[] Decode(RedisValue[] entries, int count, MessagePosition top)
    {
        try
        {
            var messages = new ChatMessage[count];
            for (var i = 0; i < count; i++)
            {
                var position = top with { Sequence = top.Sequence - count + 1 + i };
                messages[i] = RedisEntry.Decode((byte[])entries[i]!, position);
            }

            return messages;
        }
        catch (InvalidDataException e)
        {
            throw new HistoryUnavailableException(
                $"Redis holds something under the keys of ChatKit that is no message: {e.Message} Does another application use the prefix "
                + $"'{redis.Value.KeyPrefix}'?",
                e);
        }
    }

    private async ValueTask<RedisResult[]> RunAsync(
        string script, RedisKey[] keys, RedisValue[] arguments, string failure, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var database = await connection.GetDatabaseAsync().ConfigureAwait(false);
            var answer = await database
                .ScriptEvaluateAsync(script, keys, arguments)
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
            return (RedisResult[])answer!;
        }
        catch (RedisTimeoutException e)
        {
            throw new HistoryUnavailableException(
                "Redis did not answer in time. Whether it has run the command is not known; a message that was stored reaches everybody "
                + "as soon as Redis answers again.",
                e);
        }
        catch (Exception e) when (e is RedisServerException or RedisCommandException)
        {
            connection.Refused(e.Message);
            throw new HistoryUnavailableException($"{failure}: Redis refused: {e.Message}", e);
        }
        catch (Exception e) when (e is RedisException or ObjectDisposedException)
        {
            throw new HistoryUnavailableException(
                $"{failure}: {e.Message} It reconnects by itself; check that the server runs, and that AddRedis names it.", e);
        }
    }
}
