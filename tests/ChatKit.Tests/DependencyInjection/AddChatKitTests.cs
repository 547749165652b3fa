using System.Globalization;
using ChatKit.Backplane;
using ChatKit.History;
using ChatKit.Rooms;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Moq;

namespace ChatKit.Tests.DependencyInjection;

public class AddChatKitTests
{
    [Fact]
    public void The_default_history_and_backplane_are_in_process()
    {
        using var services = Build(static services => services.AddChatKit());

        Assert.IsType<InMemoryMessageHistory>(services.GetRequiredService<IMessageHistory>());
        Assert.IsType<InProcessBackplane>(services.GetRequiredService<IBackplane>());
        Assert.NotNull(services.GetRequiredService<WebSocketHandlerRunner>());
        Assert.Same(TimeProvider.System, services.GetRequiredService<TimeProvider>());
        Assert.Same(services.GetRequiredService<IRoomBroadcaster>(), services.GetRequiredService<IRoomBroadcaster>());
    }

    [Fact]
    public void A_second_AddChatKit_only_adds_its_configuration()
    {
        var once = new ServiceCollection();
        once.AddChatKit();
        var twice = new ServiceCollection();
        twice.AddChatKit(static options => options.HistoryCapacity = 7);
        twice.AddChatKit(static options => options.MaxRoomsPerConnection = 8);

        Assert.Equal(Ours(once), Ours(twice));
        using var services = Build(services =>
        {
            foreach (var descriptor in twice)
                services.Add(descriptor);
        });
        var options = services.GetRequiredService<IOptions<ChatKitOptions>>().Value;
        Assert.Equal((7, 8), (options.HistoryCapacity, options.MaxRoomsPerConnection));

        static IEnumerable<Type> Ours(ServiceCollection services) =>
            services.Select(static d => d.ServiceType).Where(static t => t.Assembly == typeof(ChatKitOptions).Assembly);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void History_and_backplane_can_be_replaced_before_and_after_AddChatKit(bool before)
    {
        var (history, backplane) = (Mock.Of<IMessageHistory>(), Mock.Of<IBackplane>());
        using var services = Build(services =>
        {
            if (!before)
                services.AddChatKit();
            services.AddSingleton(history).AddSingleton(backplane);
            if (before)
                services.AddChatKit();
        });

        Assert.Same(history, services.GetRequiredService<IMessageHistory>());
        Assert.Same(backplane, services.GetRequiredService<IBackplane>());
        Assert.NotNull(services.GetRequiredService<RoomRegistry>());
    }

    [Theory]
    [InlineData(ServiceLifetime.Scoped)]
    [InlineData(ServiceLifetime.Transient)]
    public void A_history_that_is_not_a_singleton_fails_at_start_with_the_fix_in_the_message(ServiceLifetime lifetime)
    {
        var services = new ServiceCollection();
        services.AddLogging().AddChatKit();
        services.Add(ServiceDescriptor.Describe(typeof(IMessageHistory), static _ => Mock.Of<IMessageHistory>(), lifetime));
        using var provider = services.BuildServiceProvider();

        var failure = Assert.Throws<OptionsValidationException>(provider.GetRequiredService<IStartupValidator>().Validate);

        Assert.Contains($"IMessageHistory is registered as {lifetime}", failure.Message);
        Assert.Contains("AddSingleton<IMessageHistory", failure.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_custom_history_or_backplane_wins_over_Redis_in_any_order(int place)
    {
        var (history, backplane) = (Mock.Of<IMessageHistory>(), Mock.Of<IBackplane>());
        using var services = Build(services =>
        {
            for (var step = 0; step < 3; step++)
            {
                if (step == place)
                    services.AddSingleton(history).AddSingleton(backplane);
                if (step == 0)
                    services.AddChatKit();
                if (step == 1)
                    services.AddChatKit().AddRedis("localhost:1");
            }
        });

        Assert.Same(history, services.GetRequiredService<IMessageHistory>());
        Assert.Same(backplane, services.GetRequiredService<IBackplane>());
    }

    [Fact]
    public void The_builder_returns_the_service_collection()
    {
        var services = new ServiceCollection();

        Assert.Same(services, services.AddChatKit().Services);
        Assert.Throws<ArgumentNullException>(static () => ((IServiceCollection)null!).AddChatKit());
    }

    public static TheoryData<Action<ChatKitOptions>, string> OutOfRange => new()
    {
        { static o => o.HistoryCapacity = -1, "ChatKitOptions.HistoryCapacity is -1; it must be between 0 and 100000." },
        { static o => o.HistoryCapacity = 100_001, "ChatKitOptions.HistoryCapacity is 100001; it must be between 0 and 100000." },
        { static o => o.RoomTimeToLive = TimeSpan.FromMilliseconds(999), "ChatKitOptions.RoomTimeToLive is 00:00:00.9990000; it must be between 00:00:01 and 36500.00:00:00." },
        { static o => o.MaxRoomsPerConnection = 0, "ChatKitOptions.MaxRoomsPerConnection is 0; it must be between 1 and 100000." },
        { static o => o.CloseTimeout = TimeSpan.Zero, "ChatKitOptions.CloseTimeout is 00:00:00; it must be between 00:00:00.1000000 and 01:00:00." },
        { static o => o.CloseTimeout = Timeout.InfiniteTimeSpan, "ChatKitOptions.CloseTimeout is -00:00:00.0010000; it must be between 00:00:00.1000000 and 01:00:00." },
        { static o => o.DrainTime = TimeSpan.FromTicks(-1), "ChatKitOptions.DrainTime is -00:00:00.0000001; it must be between 00:00:00 and 01:00:00." },
        { static o => o.UserId = null!, "ChatKitOptions.UserId must not be null. Leave it unset to use the claims NameIdentifier and sub." },
        { static o => o.RoomCheckInterval = TimeSpan.FromHours(2), "ChatKitOptions.RoomCheckInterval is 02:00:00; it must be between 00:00:00.0100000 and 01:00:00." },
    };

    [Theory]
    [MemberData(nameof(OutOfRange), DisableDiscoveryEnumeration = true)]
    public void Options_are_validated_at_start_and_the_message_names_property_value_and_range(Action<ChatKitOptions> configure, string problem)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        using var services = Build(services => services.AddChatKit(configure));

        var failure = Assert.Throws<OptionsValidationException>(services.GetRequiredService<IStartupValidator>().Validate);

        Assert.Equal([problem], failure.Failures);
    }

    [Fact]
    public void All_problems_are_reported_at_once()
    {
        using var services = Build(static services => services.AddChatKit(static options =>
        {
            options.HistoryCapacity = -1;
            options.MaxRoomsPerConnection = -1;
        }));

        var failure = Assert.Throws<OptionsValidationException>(services.GetRequiredService<IStartupValidator>().Validate);

        Assert.Equal(2, failure.Failures.Count());
    }

    [Theory]
    [InlineData(1, 1, 100, 0, 10)]
    [InlineData(100_000, 36_500L * 86_400, 3_600_000, 3_600_000, 3_600_000)]
    public void The_limits_of_the_ranges_are_allowed(int count, long seconds, int closeTimeout, int drainTime, int checkInterval)
    {
        using var services = Build(services => services.AddChatKit(options =>
        {
            options.HistoryCapacity = count;
            options.MaxRoomsPerConnection = count;
            options.RoomTimeToLive = TimeSpan.FromSeconds(seconds);
            options.CloseTimeout = TimeSpan.FromMilliseconds(closeTimeout);
            options.DrainTime = TimeSpan.FromMilliseconds(drainTime);
            options.RoomCheckInterval = TimeSpan.FromMilliseconds(checkInterval);
        }));

        services.GetRequiredService<IStartupValidator>().Validate();
    }

    [Fact]
    public void The_defaults_match_the_documentation()
    {
        using var services = Build(static services => services.AddChatKit());
        services.GetRequiredService<IStartupValidator>().Validate();
        var options = services.GetRequiredService<IOptions<ChatKitOptions>>().Value;

        Assert.Equal(100, options.HistoryCapacity);
        Assert.Equal(TimeSpan.FromDays(30), options.RoomTimeToLive);
        Assert.Equal(128, options.MaxRoomsPerConnection);
        Assert.Equal(TimeSpan.FromSeconds(5), options.CloseTimeout);
        Assert.Equal(TimeSpan.FromSeconds(5), options.DrainTime);
        Assert.Equal(TimeSpan.FromSeconds(10), options.RoomCheckInterval);
    }

    private static ServiceProvider Build(Action<IServiceCollection> add)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        add(services);
        return services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
    }
}
