using System.Net.WebSockets;
using ChatKit.Redis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

public class RedisConnectionTests
{
    private static readonly ChatMessage Message = new(WebSocketMessageType.Text, "x"u8.ToArray(), DateTimeOffset.UnixEpoch);

    [Fact]
    public async Task The_application_starts_while_Redis_is_down_and_logs_it_once()
    {
        await using var host = await RedisHost.StartAsync($"127.0.0.1:{RedisServer.FreePort()},connectTimeout=500");

        var exception = await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await host.History.AppendAsync("room", Message));
        for (var i = 0; i < 20; i++)
            await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await host.History.ReadAsync("room"));

        Assert.Contains("no connection to Redis at 127.0.0.1:", exception.Message);
        Assert.Contains("was not delivered", exception.Message);
        Assert.Single(host.Logs.GetSnapshot(), static line => line.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task The_connection_recovers_every_time_Redis_comes_back()
    {
        await using var redis = new RedisServer();
        await using var host = await RedisHost.StartAsync(redis.Configuration);
        await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await host.History.AppendAsync("room", Message));

        for (var i = 1; i <= 2; i++)
        {
            await redis.StartAsync();
            await Patience.UntilAsync(() => Count(host, 401) == i, "Redis is back");
            Assert.Equal(i, (await host.History.AppendAsync("room", Message)).Position.Sequence);
            await redis.KillAsync();
            await Patience.UntilAsync(() => Count(host, 400) == i + 1, "Redis is down");
            await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await host.History.AppendAsync("room", Message));
        }
    }

    [Fact]
    public async Task A_timeout_says_that_the_outcome_is_not_known()
    {
        Requirement.RedisServer();
        await using var redis = new RedisServer();
        await redis.InitializeAsync();
        await using var host = await RedisHost.StartAsync($"{redis.Configuration},asyncTimeout=200");
        await host.History.AppendAsync("room", Message);
        await using var other = await ConnectionMultiplexer.ConnectAsync($"{redis.Configuration},allowAdmin=true,asyncTimeout=20000");
        var sleeping = other.GetDatabase().ExecuteAsync("DEBUG", "SLEEP", "2");

        var exception = await Assert.ThrowsAsync<HistoryUnavailableException>(async () =>
        {
            // The first may still reach the server before it sleeps.
            for (var i = 0; i < 10; i++)
                await host.History.AppendAsync("room", Message);
        });
        await sleeping;

        Assert.Contains("not known", exception.Message);
        await Patience.UntilAsync(
            async () =>
            {
                try
                {
                    return (await host.History.ReadAsync("room")).Top.Sequence is >= 1 and <= 11;
                }
                catch (HistoryUnavailableException)
                {
                    return false;
                }
            },
            "the server answers again, and has stored each message at most once");
    }

    [Theory]
    [InlineData("allkeys-lru", true)]
    [InlineData("volatile-ttl", true)]
    [InlineData("noeviction", false)]
    public async Task A_server_that_evicts_keys_is_logged_as_a_warning(string policy, bool warns)
    {
        await using var redis = new RedisServer { Options = ["--maxmemory", "100mb", "--maxmemory-policy", policy] };
        await redis.InitializeAsync();
        await using var host = await RedisHost.StartAsync(redis.Configuration);
        await host.History.AppendAsync("room", Message);

        if (warns)
            await Patience.UntilAsync(() => Count(host, 406) == 1, "the warning is logged");
        Assert.Equal(warns ? 1 : 0, Count(host, 406));
    }

    [Fact]
    public async Task Without_a_configured_server_the_start_fails_with_the_fix_in_the_message()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => RedisHost.StartAsync(static _ => { }));

        Assert.Contains("AddRedis(\"localhost:6379\")", exception.Message);
    }

    [Theory]
    [InlineData("", "prefix:", "Configuration")]
    [InlineData("password=secret", "prefix:", "names no server")]
    [InlineData("localhost,nonsense=secret", "prefix:", "is not a StackExchange.Redis configuration string")]
    [InlineData("localhost", "", "KeyPrefix")]
    [InlineData("localhost", "a{b", "KeyPrefix is 'a{b'; it must have 1 to 100 characters, without braces.")]
    public async Task Invalid_options_fail_at_start_without_revealing_secrets(string configuration, string prefix, string problem)
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => RedisHost.StartAsync(options =>
        {
            options.Configuration = configuration;
            options.KeyPrefix = prefix;
        }));

        Assert.Contains(problem, exception.Message);
        Assert.DoesNotContain("secret", exception.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void An_empty_configuration_string_throws_at_once(string configuration) =>
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddChatKit().AddRedis(configuration));

    private static int Count(RedisHost host, int eventId) =>
        host.Logs.GetSnapshot().Count(line => line.Id.Id == eventId);

    [Fact]
    public async Task A_server_error_is_logged_once_for_each_reason()
    {
        await using var redis = new RedisServer();
        await redis.InitializeAsync();
        var prefix = RedisHost.NewPrefix();
        await using var host = await RedisHost.StartAsync(redis.Configuration, prefix: prefix);
        await using var other = await ConnectionMultiplexer.ConnectAsync(redis.Configuration);
        await other.GetDatabase().StringSetAsync(RedisKeys.OfRoom(prefix, "room")[0], "no hash");

        for (var i = 0; i < 5; i++)
        {
            var exception = await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await host.History.AppendAsync("room", Message));
            Assert.Contains("WRONGTYPE", exception.Message);
        }

        Assert.Equal(1, Count(host, 402));
    }

    [Fact]
    public async Task A_missing_database_throws_HistoryUnavailableException()
    {
        await using var redis = new RedisServer();
        await redis.InitializeAsync();
        await using var host = await RedisHost.StartAsync($"{redis.Configuration},defaultDatabase=99");

        await Assert.ThrowsAsync<HistoryUnavailableException>(async () => await host.History.AppendAsync("room", Message));
    }

    [Fact]
    public async Task A_wrong_password_is_logged_as_an_authentication_problem()
    {
        await using var redis = new RedisServer { Password = "secret" };
        await redis.InitializeAsync();

        await using var host = await RedisHost.StartAsync($"{redis.Configuration},password=wrong,connectTimeout=1000");

        await Patience.UntilAsync(() => Count(host, 400) == 1, "the failed connection is logged");
        Assert.Contains("authentication", host.Logs.GetSnapshot().Single(static line => line.Id.Id == 400).Message, StringComparison.OrdinalIgnoreCase);
    }
}
