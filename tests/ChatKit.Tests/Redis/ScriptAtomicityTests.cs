using System.Net.WebSockets;
using ChatKit.Redis;
using ChatKit.Rooms.Presence;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

/// <summary>A server whose scripts are not atomic would give two messages one position: it is not used.</summary>
public sealed class ScriptAtomicityTests
{
    private const string Fix = "Start it with --lua --lua-transaction-mode.";

    private static readonly ChatMessage Message = new(WebSocketMessageType.Text, "x"u8.ToArray(), DateTimeOffset.UnixEpoch);

    [Theory]
    [InlineData(GarnetScripts.NotAtomic, "")]
    [InlineData(GarnetScripts.NotAtomic, ",protocol=resp2")]
    [InlineData(GarnetScripts.Disabled, "")]
    public async Task A_server_without_atomic_scripts_is_rejected_with_the_fix_in_the_message(GarnetScripts scripts, string more)
    {
        await using var garnet = new RedisServer { Garnet = scripts };
        await garnet.InitializeAsync();
        var prefix = RedisHost.NewPrefix();
        await using var host = await RedisHost.StartAsync(
            redis => (redis.Configuration, redis.KeyPrefix) = (garnet.Configuration + more, prefix),
            services: static services => services.AddHealthChecks().AddChatKit());

        Assert.Contains(Fix, (await Assert.ThrowsAsync<HistoryUnavailableException>(() => host.History.AppendAsync("room", Message).AsTask())).Message);
        Assert.Contains(Fix, (await Assert.ThrowsAsync<HistoryUnavailableException>(() => host.History.ReadAsync("room").AsTask())).Message);
        foreach (var capacity in new int?[] { null, 0 })
        {
            Assert.Contains(
                Fix,
                (await Assert.ThrowsAsync<HistoryUnavailableException>(() => host.Backplane.PublishAsync("room", Message, capacity).AsTask())).Message);
        }

        var presence = host.Services.GetRequiredService<IPresenceStore>();
        await Assert.ThrowsAsync<HistoryUnavailableException>(() => presence.EnterAsync("room", ["ann"], TimeSpan.FromMinutes(1)).AsTask());
        var health = (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries.Single().Value;
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains(Fix, health.Description);
        var problem = Assert.Single(host.Logs.GetSnapshot(), static line => line.Level >= LogLevel.Warning && line.Category!.StartsWith("ChatKit", StringComparison.Ordinal));
        Assert.Equal((405, LogLevel.Error), (problem.Id.Id, problem.Level));
        Assert.Contains("--lua --lua-transaction-mode", problem.Message);
        await using var other = await ConnectionMultiplexer.ConnectAsync($"{garnet.Configuration},allowAdmin=true");
        Assert.Empty(await other.GetServers().Single().KeysAsync(pattern: $"{prefix}{{*").ToListAsync());
    }

    [Fact]
    public async Task The_applications_own_connection_is_checked_too()
    {
        await using var garnet = new RedisServer { Garnet = GarnetScripts.NotAtomic, Password = "secret" };
        await garnet.InitializeAsync();
        await using var multiplexer = await ConnectionMultiplexer.ConnectAsync($"{garnet.Configuration},password=secret");
        await using var host = await RedisHost.StartAsync(
            static redis => redis.KeyPrefix = RedisHost.NewPrefix(),
            services: services => services.AddSingleton<IConnectionMultiplexer>(multiplexer));

        var exception = await Assert.ThrowsAsync<HistoryUnavailableException>(() => host.History.AppendAsync("room", Message).AsTask());

        Assert.Contains(Fix, exception.Message);
    }

    [Fact]
    public async Task A_server_restarted_with_the_fix_is_used_without_restarting_the_node()
    {
        var port = RedisServer.FreePort();
        await using var wrong = new RedisServer { Garnet = GarnetScripts.NotAtomic, Port = port };
        await using var right = new RedisServer { Garnet = GarnetScripts.Atomic, Port = port };
        await using var node = RedisNode.Start($"{right.Configuration},connectTimeout=500", RedisHost.NewPrefix());
        await wrong.StartAsync();
        await Patience.UntilAsync(() => node.Logs.GetSnapshot().Any(static line => line.Id.Id == 405), "the server is rejected");
        var member = await node.EnterAsync("room");

        await wrong.KillAsync();
        await right.StartAsync();
        await node.CanStoreAsync();
        await node.Broadcaster.BroadcastAsync("room", "stored");

        Assert.Equal("stored", await member.Client.ReceiveTextAsync());
        Assert.Single(node.Logs.GetSnapshot(), static line => line.Id.Id == 405);
    }

    [Fact]
    public async Task Garnet_with_atomic_scripts_gives_concurrent_messages_unique_positions()
    {
        await using var garnet = new RedisServer { Garnet = GarnetScripts.Atomic };
        await garnet.InitializeAsync();
        var prefix = RedisHost.NewPrefix();
        var patient = $"{garnet.Endpoint},asyncTimeout=60000"; // Sessions of Garnet that wait for each other take all of a busy processor.
        await using var one = await RedisHost.StartAsync(patient, prefix: prefix);
        await using var other = await RedisHost.StartAsync(patient, prefix: prefix);

        var stored = await Task.WhenAll(Enumerable.Range(0, 100).Select(i =>
            (i % 2 == 0 ? one : other).History.AppendAsync("room", Message).AsTask()));

        Assert.Equal(Enumerable.Range(1, 100).Select(static i => (long)i), stored.Select(static result => result.Position.Sequence).Order());
        Assert.DoesNotContain(one.Logs.GetSnapshot(), static line => line.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task A_server_on_which_the_user_may_not_run_the_check_is_accepted()
    {
        var rules = Path.GetTempFileName();
        await File.WriteAllTextAsync(rules, "user default on nopass +@all -time");
        await using var garnet = new RedisServer { Garnet = GarnetScripts.Atomic, Options = ["--auth", "ACL", "--acl-file", rules] };
        await garnet.InitializeAsync();
        File.Delete(rules);
        await using var host = await RedisHost.StartAsync(garnet.Configuration);

        Assert.Equal(1, (await host.History.AppendAsync("room", Message)).Position.Sequence);
    }

    [Fact]
    public async Task Redis_itself_is_not_checked()
    {
        Requirement.RedisServer();
        await using var redis = new RedisServer();
        await redis.InitializeAsync();
        await using var host = await RedisHost.StartAsync(redis.Configuration);

        Assert.Equal(1, (await host.History.AppendAsync("room", Message)).Position.Sequence);

        // No more than the script that stores, and the question whether the server evicts keys.
        await using var other = await ConnectionMultiplexer.ConnectAsync($"{redis.Configuration},allowAdmin=true");
        var commands = await other.GetServers().Single().InfoRawAsync("commandstats");
        Assert.Matches("cmdstat_eval:calls=[12],", commands);
        Assert.DoesNotContain("cmdstat_time:", commands);
    }
}
