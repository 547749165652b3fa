using ChatKit.Health;

namespace ChatKit.Redis;

/// <summary>Whether Redis answers, and the rooms of this node hear what it publishes.</summary>
internal sealed class RedisHealth(RedisConnection connection, RedisBackplane backplane, TimeProvider clock) : IHealthProbe
{
    /// <summary>
    /// How long Redis has to answer. Less than the second after which a probe of Kubernetes takes the node itself for dead.
    /// </summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(500);

    public async ValueTask<string?> ProblemAsync(IDictionary<string, object> data, CancellationToken cancellationToken)
    {
        int waiting;
        try
        {
            var time = await connection.PingAsync().WaitAsync(Limit, clock, cancellationToken).ConfigureAwait(false);
            data["redis.ping.ms"] = time.TotalMilliseconds;
            data["rooms.waiting"] = waiting = await backplane.CountWaitingAsync().ConfigureAwait(false);
        }
        catch (ScriptsNotAtomicException e)
        {
            return e.Message;
        }
        catch (Exception e) when (e is TimeoutException || RedisConnection.IsOfRedis(e))
        {
            var cause = e is TimeoutException ? $"it has not answered a PING within {Limit.TotalMilliseconds:0} ms." : e.Message;
            return $"Redis is away: {cause} Messages are not stored until it is back, which needs no restart of this node; see that the server "
                + "runs, is not overloaded, and is where AddRedis says.";
        }

        return waiting == 0
            ? null
            : $"Redis answers, but {waiting} rooms of this node are not subscribed to, and hear late what is said in them. They are tried again "
                + "every second. If that lasts, see events 400 to 404 in the log, and whether the Redis user may subscribe to channels.";
    }
}
