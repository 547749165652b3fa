using ChatKit.TestKit.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.AspNetCore.Tests.Custom;

/// <summary>The public interfaces can be implemented with public members alone.</summary>
public sealed class CustomHistoryContractTests : MessageHistoryContract
{
    private readonly FakeTimeProvider _clock = new();

    protected override Task<IMessageHistory> CreateAsync(ChatKitOptions options) =>
        Task.FromResult<IMessageHistory>(new TableHistory(options.HistoryCapacity, options.RoomTimeToLive, _clock));

    protected override Task ExpireAsync(string room, ChatKitOptions options)
    {
        _clock.Advance(options.RoomTimeToLive);
        return Task.CompletedTask;
    }

    protected override Task ForgetKeyAsync(IMessageHistory history, string room, string key)
    {
        _clock.Advance(TimeSpan.FromMinutes(5));
        return Task.CompletedTask;
    }
}

public sealed class CustomBackplaneContractTests : BackplaneContract
{
    protected override Task<(IBackplane One, IBackplane Other, IMessageHistory History)> CreateAsync()
    {
        var (bus, history) = (new Bus(), new TableHistory());
        return Task.FromResult<(IBackplane, IBackplane, IMessageHistory)>((new BusBackplane(bus, history), new BusBackplane(bus, history), history));
    }

    protected override Task<(IBackplane One, IBackplane Other)> CreateFailingAsync()
    {
        var (bus, history) = (new Bus(), new TableHistory { Down = true });
        return Task.FromResult<(IBackplane, IBackplane)>((new BusBackplane(bus, history), new BusBackplane(bus, history)));
    }
}
