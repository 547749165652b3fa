using ChatKit.Health;

namespace ChatKit.Redis;

/// <summary>Checks whether Redis answers and the rooms of this node are subscribed.</summary>
internal sealed class RedisHealth(RedisConnection connection, RedisBackplane backplane, TimeProvider clock) : IHealthProbe
{
    /// <summary>How long to wait for Redis. It is shorter than the timeout of a Kubernetes probe, one second.</summary>
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
        catch (Exception e) when (e is TimeoutException || RedisFailure.IsCauseOf(e))
        {
            var cause = e is TimeoutException ? $"it did not answer a PING within {Limit.TotalMilliseconds:0} ms." : e.Message;
            return $"Redis is unavailable: {cause} Messages are not stored until it is available again; this node needs no restart. Check that the "
                + "server runs, is not overloaded, and has the address that was passed to AddRedis.";
        }

        return waiting == 0
            ? null
            : $"Redis answers, but {waiting} rooms of this node are not subscribed and receive messages late. ChatKit retries every second. If "
                + "this persists, check events 400 to 404 in the log, and whether the Redis user has permission to subscribe to channels.";
    }
}
