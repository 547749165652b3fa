using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.AspNetCore.Tests;

/// <summary>Errors are reported when the endpoint is mapped, not when the first client connects.</summary>
public class MapTimeTests
{
    [Fact]
    public async Task Without_AddChatKit_the_exception_names_the_fix()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();

        var e = Assert.Throws<InvalidOperationException>(() => app.MapWebSocketHandler<ChatRoom>("/msg"));

        Assert.Contains("AddChatKit()", e.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string, Action<WebSocketEndpointOptions>> OutOfRange() => new()
    {
        { "MaxMessageSize", "0", "between 1 and 67108864", static o => o.MaxMessageSize = 0 },
        { "MaxMessageSize", "67108865", "between 1 and 67108864", static o => o.MaxMessageSize = (64 * 1024 * 1024) + 1 },
        { "PingInterval", "00:00:00", "between 00:00:00.0100000 and 1.00:00:00", static o => o.PingInterval = TimeSpan.Zero },
        { "PingInterval", "2.00:00:00", "1.00:00:00", static o => o.PingInterval = TimeSpan.FromDays(2) },
        { "PingTimeout", "-00:00:00.0010000", "between 00:00:00.0100000", static o => o.PingTimeout = Timeout.InfiniteTimeSpan },
        { "PingTimeout", "2.00:00:00", "1.00:00:00", static o => o.PingTimeout = TimeSpan.FromDays(2) },
        { "HistoryCapacity", "-1", "between 0 and 100000", static o => o.HistoryCapacity = -1 },
        { "HistoryCapacity", "100001", "between 0 and 100000", static o => o.HistoryCapacity = 100_001 },
        { "OutboundQueueLimit", "1023", "between 1024 and 1073741824", static o => o.OutboundQueueLimit = 1023 },
        { "OutboundQueueLimit", "1073741825", "1073741824", static o => o.OutboundQueueLimit = (1024 * 1024 * 1024) + 1 },
        { "AllowedOrigins", "'example.com'", "'https://example.com'", static o => o.AllowedOrigins.Add("example.com") },
        { "AllowedOrigins", "''", "'https://example.com'", static o => o.AllowedOrigins.Add("") },
        { "AllowedOrigins", "'https://example.com/'", "without a path", static o => o.AllowedOrigins.Add("https://example.com/") },
        { "AllowedOrigins", "'https://example.com/x'", "without a path", static o => o.AllowedOrigins.Add("https://example.com/x") },
        { "AllowedOrigins", "'https://example.com?x'", "without a path", static o => o.AllowedOrigins.Add("https://example.com?x") },
        { "AllowedOrigins", "'https://example.com#x'", "without a path", static o => o.AllowedOrigins.Add("https://example.com#x") },
        { "AllowedOrigins", "'https://me@example.com'", "'*'", static o => o.AllowedOrigins.Add("https://me@example.com") },
        { "AllowedOrigins", "'https://*example.com'", "'*'", static o => o.AllowedOrigins.Add("https://*example.com") },
        { "AllowedOrigins", "'https://a.*.com'", "'*'", static o => o.AllowedOrigins.Add("https://a.*.com") },
        { "AllowedOrigins", "'https://*'", "'*'", static o => o.AllowedOrigins.Add("https://*") },
        { "AllowedOrigins", "'null'", "'*'", static o => o.AllowedOrigins.Add("null") },
        { "HomeRoom", "null", "route value 'room'", static o => o.HomeRoom = null! },
        { "Subprotocols", "''", "token", static o => o.Subprotocols.Add("") },
        { "Subprotocols", "'a b'", "token", static o => o.Subprotocols.Add("a b") },
        { "Subprotocols", "'a,b'", "token", static o => o.Subprotocols.Add("a,b") },
        { "Subprotocols", "'a/b'", "token", static o => o.Subprotocols.Add("a/b") },
        { "Subprotocols", "'{a}'", "token", static o => o.Subprotocols.Add("{a}") },
        { "Subprotocols", "'a=b'", "token", static o => o.Subprotocols.Add("a=b") },
        { "Subprotocols", "'é'", "token", static o => o.Subprotocols.Add("é") },
    };

    [Theory]
    [MemberData(nameof(OutOfRange), DisableDiscoveryEnumeration = true)]
    public async Task An_option_out_of_range_is_reported_with_its_value_and_the_allowed_range(
        string property, string value, string allowed, Action<WebSocketEndpointOptions> configure)
    {
        await using var app = Build();

        var e = Assert.Throws<OptionsValidationException>(() => app.MapWebSocketHandler<ChatRoom>("/msg", configure));

        var failure = Assert.Single(e.Failures);
        Assert.StartsWith($"WebSocketEndpointOptions.{property}", failure, StringComparison.Ordinal);
        Assert.Contains(value, failure, StringComparison.Ordinal);
        Assert.Contains(allowed, failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_invalid_option_is_reported()
    {
        await using var app = Build();

        var e = Assert.Throws<OptionsValidationException>(() => app.MapWebSocketHandler<ChatRoom>("/msg", static options =>
        {
            options.MaxMessageSize = 0;
            options.OutboundQueueLimit = 0;
            options.AllowedOrigins.Add("nonsense");
        }));

        Assert.Equal(3, e.Failures.Count());
    }

    [Fact]
    public async Task The_bounds_of_all_ranges_are_accepted()
    {
        await using var app = Build();

        app.MapWebSocketHandler<ChatRoom>("/least", static options =>
        {
            (options.MaxMessageSize, options.OutboundQueueLimit, options.HistoryCapacity) = (1, 1024, 0);
            options.PingInterval = options.PingTimeout = TimeSpan.FromMilliseconds(10);
        });
        app.MapWebSocketHandler<ChatRoom>("/most", static options =>
        {
            (options.MaxMessageSize, options.OutboundQueueLimit, options.HistoryCapacity) = (1 << 26, 1 << 30, 100_000);
            options.PingInterval = options.PingTimeout = TimeSpan.FromDays(1);
        });
        app.MapWebSocketHandler<ChatRoom>("/never", static options => options.PingInterval = Timeout.InfiniteTimeSpan);
    }

    [Fact]
    public async Task The_applications_own_options_are_checked_too()
    {
        await using var app = Build(static options => options.HistoryCapacity = -1);

        var e = Assert.Throws<OptionsValidationException>(() => app.MapWebSocketHandler<ChatRoom>("/msg"));

        Assert.Contains("ChatKitOptions.HistoryCapacity is -1; it must be between 0 and 100000", e.Message, StringComparison.Ordinal);
    }

    private static WebApplication Build(Action<ChatKitOptions>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddChatKit(configure);
        return builder.Build();
    }
}
