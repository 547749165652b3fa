using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Testing.Tests.Contracts;

/// <summary>The contract of ChatKit's in-memory history, in which a test makes an error.</summary>
internal sealed class MutantContract(Func<IMessageHistory, IMessageHistory> mutate) : MessageHistoryContract
{
    private readonly FakeTimeProvider _clock = new();

    /// <summary>Changes the options of a history.</summary>
    public Action<ChatKitOptions> Configure { get; init; } = static _ => { };

    public bool Changes { get; init; } = true;

    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>What happens in place of the time that passes; null = it passes.</summary>
    public Exception? FixtureFailure { get; init; }

    protected override bool SupportsChanges => Changes;

    protected override TimeSpan Timeout => Limit;

    protected override Task<IMessageHistory> CreateAsync(ChatKitOptions options)
    {
        if (FixtureFailure is not null)
            throw FixtureFailure;
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(_clock);
        services.AddChatKit(to =>
        {
            (to.HistoryCapacity, to.RoomTimeToLive) = (options.HistoryCapacity, options.RoomTimeToLive);
            Configure(to);
        });
        return Task.FromResult(mutate(services.BuildServiceProvider().GetRequiredService<IMessageHistory>()));
    }

    protected override Task ExpireAsync(string room, ChatKitOptions options) => AdvanceAsync(options.RoomTimeToLive);

    protected override Task ForgetKeyAsync(IMessageHistory history, string room, string key) => AdvanceAsync(TimeSpan.FromMinutes(5));

    private Task AdvanceAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return Task.CompletedTask;
    }
}
