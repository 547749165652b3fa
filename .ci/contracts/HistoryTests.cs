using ChatKit;
using ChatKit.Testing;
using Microsoft.Extensions.DependencyInjection;

/// <summary>The contract of a history in a fresh project. Its test method, which follows in another file, is that of docs/testing.md.</summary>
public partial class HistoryTests : MessageHistoryContract
{
    private readonly Clock _clock = new();

    protected override Task<IMessageHistory> CreateAsync(ChatKitOptions options)
    {
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(_clock);
        services.AddChatKit(to => (to.HistoryCapacity, to.RoomTimeToLive) = (options.HistoryCapacity, options.RoomTimeToLive));
        return Task.FromResult(services.BuildServiceProvider().GetRequiredService<IMessageHistory>());
    }

    protected override Task ExpireAsync(string room, ChatKitOptions options) => _clock.AdvanceAsync(options.RoomTimeToLive);

    protected override Task ForgetKeyAsync(IMessageHistory history, string room, string key) => _clock.AdvanceAsync(TimeSpan.FromMinutes(5));

    private sealed class Clock : TimeProvider
    {
        private TimeSpan _passed;

        public Task AdvanceAsync(TimeSpan time)
        {
            _passed += time;
            return Task.CompletedTask;
        }

        public override long GetTimestamp() => base.GetTimestamp() + (long)(_passed.TotalSeconds * TimestampFrequency);

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _passed;
    }
}
