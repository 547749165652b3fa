using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Tests.Fixtures;

/// <summary>
/// A clock on which no timer fires more than once for each time that it is set. For tests that let months pass: presence alone looks at
/// its members each second, which is 35 million times in 400 days.
/// </summary>
internal sealed class OneShotClock() : FakeTimeProvider(ChatHost.Start)
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime, Timeout.InfiniteTimeSpan);
}
