using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>The answer of <see cref="RedisScripts.Append"/>.</summary>
/// <param name="Epoch">The epoch of the messages that were stored.</param>
/// <param name="Items">The epoch, and an item for each message.</param>
internal readonly record struct RedisAppendAnswer(string Epoch, RedisResult[] Items)
{
    /// <summary>The result of a message.</summary>
    /// <exception cref="RedisServerException">Redis has refused the message.</exception>
    public AppendResult this[int index] => Items[index + 1] is var item && IsSequence(item)
        ? new AppendResult(new MessagePosition(Epoch, (long)item), IsNew: true)
        : item.Length < 0
            ? new AppendResult(MessagePosition.Parse((string)item!), IsNew: false)
            : throw new RedisServerException(RedisErrorKind.Unknown, CommandFlags.None, (string)item[0]!);

    /// <summary>The position of the last message that was stored; null if none was.</summary>
    public MessagePosition? Last
    {
        get
        {
            var last = Array.FindLastIndex(Items, IsSequence);
            return last < 0 ? null : new MessagePosition(Epoch, (long)Items[last]);
        }
    }

    private static bool IsSequence(RedisResult item) => item.Resp2Type == ResultType.Integer;
}
