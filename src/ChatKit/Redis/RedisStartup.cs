using Microsoft.Extensions.Hosting;

namespace ChatKit.Redis;

/// <summary>
/// Starts connecting when the application starts, so that the log shows at once whether Redis is available. It doesn't delay startup.
/// </summary>
internal sealed class RedisStartup(RedisConnection connection) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = connection.ConnectAsync();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
