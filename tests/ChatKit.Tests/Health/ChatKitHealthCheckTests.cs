using ChatKit.TestKit.Contracts;
using ChatKit.Tests.Fixtures;
using ChatKit.Tests.Redis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace ChatKit.Tests.Health;

/// <summary>The health check with a real Redis, which dies, hangs, refuses and comes back.</summary>
public sealed class ChatKitHealthCheckTests : IAsyncLifetime
{
    private readonly RedisServer _redis = new();

    public ValueTask InitializeAsync() => _redis.InitializeAsync();

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Fact]
    public async Task A_node_with_in_memory_history_is_healthy_and_reports_its_connections_and_rooms()
    {
        await using var host = new ChatHost(services: static services => services.AddHealthChecks().AddChatKit());
        await host.EnterAsync("one");
        await host.EnterAsync("other");
        await host.EnterAsync("other");

        var (status, _, data) = await CheckAsync(host.Services);

        Assert.Equal(HealthStatus.Healthy, status);
        Assert.Equal((3, 2), (data["connections"], data["rooms"]));
    }

    [Fact]
    public async Task A_node_is_degraded_while_Redis_is_down()
    {
        await using var host = await StartAsync();
        await using var subscription = await host.Backplane.SubscribeAsync("room", new RecordingSubscriber());
        var (status, _, data) = await CheckAsync(host.Services);
        Assert.Equal((HealthStatus.Healthy, 0), (status, data["rooms.waiting"]));
        Assert.InRange((double)data["redis.ping.ms"], 0, 500);

        await _redis.KillAsync();
        await UntilAsync(host, HealthStatus.Degraded);
        var (_, description, _) = await CheckAsync(host.Services);
        Assert.StartsWith("Redis is unavailable: ", description);
        Assert.Contains("needs no restart", description);

        await _redis.StartAsync();
        await UntilAsync(host, HealthStatus.Healthy);
        Assert.Equal(0, (await CheckAsync(host.Services)).Data["rooms.waiting"]);
    }

    [Fact]
    public async Task The_application_can_choose_the_status_of_a_node_without_Redis()
    {
        await using var host = await StartAsync(HealthStatus.Unhealthy);
        await UntilAsync(host, HealthStatus.Healthy);

        await _redis.KillAsync();

        await UntilAsync(host, HealthStatus.Unhealthy);
    }

    [Fact]
    public async Task The_check_does_not_wait_for_a_Redis_that_hangs()
    {
        Requirement.RedisServer();
        await using var host = await StartAsync();
        await UntilAsync(host, HealthStatus.Healthy);
        Assert.Equal("+OK", await _redis.CallAsync("CLIENT PAUSE 60000 ALL"));

        var (status, description, _) = await CheckAsync(host.Services);

        Assert.Equal(HealthStatus.Degraded, status);
        Assert.Contains("it did not answer a PING within 500 ms", description);
        await _redis.KillAsync(); // The host, which is disposed of, no longer waits for what hangs.
    }

    [Fact]
    public async Task A_room_that_cannot_be_subscribed_to_makes_the_node_degraded()
    {
        Requirement.RedisServer();
        await using var host = await StartAsync();
        await UntilAsync(host, HealthStatus.Healthy);
        Assert.Equal("+OK", await _redis.CallAsync("ACL SETUSER default resetchannels"));
        await using var subscription = await host.Backplane.SubscribeAsync("room", new RecordingSubscriber());

        await UntilAsync(host, HealthStatus.Degraded);
        var (_, description, data) = await CheckAsync(host.Services);
        Assert.Contains("2 rooms of this node are not subscribed", description); // The second one is that of all nodes.
        Assert.Equal(2, data["rooms.waiting"]);

        Assert.Equal("+OK", await _redis.CallAsync("ACL SETUSER default allchannels"));
        await UntilAsync(host, HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_node_that_is_stopping_is_unhealthy()
    {
        await using var host = await StartAsync();
        await UntilAsync(host, HealthStatus.Healthy);

        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        var (status, description, _) = await CheckAsync(host.Services);
        Assert.Equal((HealthStatus.Unhealthy, true), (status, description!.StartsWith("The application is stopping", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Without_AddChatKit_the_check_says_what_to_call()
    {
        var services = new ServiceCollection();
        services.AddLogging().AddHealthChecks().AddChatKit();
        await using var provider = services.BuildServiceProvider();

        var problem = await Assert.ThrowsAsync<InvalidOperationException>(() => provider.GetRequiredService<HealthCheckService>().CheckHealthAsync());

        Assert.Contains("Call builder.Services.AddChatKit()", problem.Message);
    }

    [Fact]
    public void The_check_has_the_given_name_and_tags()
    {
        var services = new ServiceCollection();
        services.AddHealthChecks().AddChatKit().AddChatKit("rooms", tags: ["ready"]);
        using var provider = services.BuildServiceProvider();

        var checks = provider.GetRequiredService<Microsoft.Extensions.Options.IOptions<HealthCheckServiceOptions>>().Value.Registrations;

        Assert.Equal([("chatkit", ""), ("rooms", "ready")], checks.Select(static check => (check.Name, string.Join(' ', check.Tags))));
    }

    private Task<RedisHost> StartAsync(HealthStatus failureStatus = HealthStatus.Degraded) => RedisHost.StartAsync(
        redis =>
        {
            redis.Configuration = _redis.Endpoint;
            redis.KeyPrefix = RedisHost.NewPrefix();
        },
        services: services => services.AddHealthChecks().AddChatKit(failureStatus: failureStatus));

    private static Task UntilAsync(RedisHost host, HealthStatus status) => Patience.UntilAsync(
        async () => (await CheckAsync(host.Services)).Status == status, $"the node is {status}");

    private static async Task<(HealthStatus Status, string? Description, IReadOnlyDictionary<string, object> Data)> CheckAsync(IServiceProvider services)
    {
        var report = await services.GetRequiredService<HealthCheckService>().CheckHealthAsync().Soon();
        var entry = Assert.Single(report.Entries).Value;
        Assert.Null(entry.Exception);
        return (entry.Status, entry.Description, entry.Data);
    }
}
