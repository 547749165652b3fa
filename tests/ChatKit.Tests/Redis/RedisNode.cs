using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatKit.Tests.Redis;

/// <summary>
/// Nodes of one application. Each has a clock that only the test moves: what heals while it stands still heals because Redis is back, and
/// not because a room has compared itself with its history.
/// </summary>
internal static class RedisNode
{
    public static ChatHost Start(string? configuration, string prefix, Action<IServiceCollection>? more = null)
    {
        var host = new ChatHost(services: services =>
        {
            more?.Invoke(services);
            new Builder(services).AddRedis(options =>
            {
                options.Configuration = configuration;
                options.KeyPrefix = prefix;
            });
        });
        foreach (var service in host.Services.GetServices<IHostedService>())
            service.StartAsync(CancellationToken.None);
        return host;
    }

    /// <summary>A member whose texts, other than the first, are broadcast.</summary>
    public static Task<ChatConnection> EnterBroadcastingAsync(this ChatHost host, string room = "room") => host.EnterAsync(
        room,
        new ScriptedHandler
        {
            Message = static (handler, message) => message.Text == "knock" ? ValueTask.CompletedTask : handler.Broadcast(message.Text),
        });

    /// <summary>Waits until a message can be stored, without that any is in the room: Redis is back.</summary>
    public static Task CanStoreAsync(this ChatHost host) => Patience.UntilAsync(
        async () =>
        {
            try
            {
                await host.Broadcaster.BroadcastAsync("another room", "x");
                return true;
            }
            catch (HistoryUnavailableException)
            {
                return false;
            }
        },
        "Redis is back");

    private sealed record Builder(IServiceCollection Services) : IChatKitBuilder;
}
