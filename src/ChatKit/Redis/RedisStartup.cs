using Microsoft.Extensions.Hosting;

namespace ChatKit.Redis;

/// <summary>Begins to connect when the application starts, so that the log tells at once whether Redis is there. Waits for nothing.</summary>
internal sealed class RedisStartup(RedisConnection connection) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = connection.ConnectAsync();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
