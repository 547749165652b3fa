using Microsoft.Extensions.Logging;

namespace ChatKit.Redis;

/// <summary>Tells of the first payload that cannot be read: who sends one may send many.</summary>
internal sealed class UnreadablePayloads(ILogger logger)
{
    private int _told;

    public void Tell(string room, string problem)
    {
        if (Interlocked.Exchange(ref _told, 1) == 0)
            logger.PayloadUnreadable(room, problem);
    }
}
