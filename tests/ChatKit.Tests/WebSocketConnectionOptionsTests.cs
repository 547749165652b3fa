using System.Globalization;
using Microsoft.Extensions.Options;

namespace ChatKit.Tests;

public class WebSocketConnectionOptionsTests
{
    public static TheoryData<WebSocketConnectionOptions, string> OutOfRange => new()
    {
        { new() { MaxMessageSize = 0 }, "WebSocketConnectionOptions.MaxMessageSize is 0; it must be between 1 and 67108864." },
        { new() { MaxMessageSize = int.MaxValue }, "WebSocketConnectionOptions.MaxMessageSize is 2147483647; it must be between 1 and 67108864." },
        { new() { PingInterval = TimeSpan.Zero }, "WebSocketConnectionOptions.PingInterval is 00:00:00; it must be between 00:00:00.0100000 and 1.00:00:00." },
        { new() { PingTimeout = Timeout.InfiniteTimeSpan }, "WebSocketConnectionOptions.PingTimeout is -00:00:00.0010000; it must be between 00:00:00.0100000 and 1.00:00:00." },
        { new() { IdleTimeout = TimeSpan.Zero }, "WebSocketConnectionOptions.IdleTimeout is 00:00:00; it must be between 00:00:00.0100000 and 1.00:00:00." },
        { new() { MaxMessagesPerSecond = 0 }, "WebSocketConnectionOptions.MaxMessagesPerSecond is 0; it must be between 0.001 and 1000000." },
        { new() { MaxMessagesPerSecond = double.NaN }, "WebSocketConnectionOptions.MaxMessagesPerSecond is NaN; it must be between 0.001 and 1000000." },
        { new() { MaxMessageBurst = 0 }, "WebSocketConnectionOptions.MaxMessageBurst is 0; it must be between 1 and 1000000." },
        { new() { HistoryCapacity = -1 }, "WebSocketConnectionOptions.HistoryCapacity is -1; it must be between 0 and 100000." },
        { new() { OutboundQueueLimit = 1023 }, "WebSocketConnectionOptions.OutboundQueueLimit is 1023; it must be between 1024 and 1073741824." },
    };

    [Theory]
    [MemberData(nameof(OutOfRange), DisableDiscoveryEnumeration = true)]
    public void The_message_names_property_value_and_range(WebSocketConnectionOptions options, string problem)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

        Assert.Equal([problem], Assert.Throws<OptionsValidationException>(options.Validate).Failures);
    }

    [Fact]
    public void All_problems_are_reported_at_once() => Assert.Equal(2, Assert.Throws<OptionsValidationException>(
        new WebSocketConnectionOptions { MaxMessageSize = 0, OutboundQueueLimit = 0 }.Validate).Failures.Count());

    [Fact]
    public void A_derived_class_can_add_problems_and_is_named_in_the_messages()
    {
        var failures = Assert.Throws<OptionsValidationException>(new Derived { MaxMessageSize = 0 }.Validate).Failures.ToList();

        Assert.StartsWith("Derived.MaxMessageSize is 0", failures[0]);
        Assert.Equal("Derived.Mine is wrong.", failures[1]);
    }

    [Fact]
    public void The_defaults_are_valid_and_match_the_documentation()
    {
        var options = new WebSocketConnectionOptions();
        options.Validate();

        Assert.Equal(64 * 1024, options.MaxMessageSize);
        Assert.Equal(TimeSpan.FromSeconds(20), options.PingInterval);
        Assert.Equal(TimeSpan.FromSeconds(20), options.PingTimeout);
        Assert.Equal(Timeout.InfiniteTimeSpan, options.IdleTimeout);
        Assert.Null(options.MaxMessagesPerSecond);
        Assert.Equal(100, options.MaxMessageBurst);
        Assert.Null(options.HistoryCapacity);
        Assert.Equal(1024 * 1024, options.OutboundQueueLimit);
    }

    [Fact]
    public void An_infinite_ping_interval_and_no_history_are_allowed() =>
        new WebSocketConnectionOptions { PingInterval = Timeout.InfiniteTimeSpan, HistoryCapacity = 0 }.Validate();

    private sealed class Derived : WebSocketConnectionOptions
    {
        protected override IEnumerable<string> Problems() => [.. base.Problems(), "Derived.Mine is wrong."];
    }
}
