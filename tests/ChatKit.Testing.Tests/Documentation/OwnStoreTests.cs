using ChatKit.AspNetCore.Tests.Custom;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Testing.Tests.Documentation;

public sealed class TableHistoryTests : MessageHistoryContract
{
    private readonly FakeTimeProvider _clock = new();

    [Theory]
    [MemberData(nameof(CaseNames))]
    public Task The_history_fulfills_its_contract(string caseName) => RunAsync(caseName);

    protected override Task<IMessageHistory> CreateAsync(ChatKitOptions options) =>
        Task.FromResult<IMessageHistory>(new TableHistory(options.HistoryCapacity, options.RoomTimeToLive, _clock));

    protected override Task ExpireAsync(string room, ChatKitOptions options) => Advance(options.RoomTimeToLive);

    protected override Task ForgetKeyAsync(IMessageHistory history, string room, string key) => Advance(TimeSpan.FromMinutes(5));

    private Task Advance(TimeSpan time)
    {
        _clock.Advance(time);
        return Task.CompletedTask;
    }
}

public sealed class BusBackplaneTests : BackplaneContract
{
    [Theory]
    [MemberData(nameof(CaseNames))]
    public Task The_backplane_fulfills_its_contract(string caseName) => RunAsync(caseName);

    protected override Task<(IBackplane One, IBackplane Other, IMessageHistory History)> CreateAsync() => CreateAsync(isDown: false);

    protected override async Task<(IBackplane One, IBackplane Other)> CreateFailingAsync()
    {
        var (one, other, _) = await CreateAsync(isDown: true);
        return (one, other);
    }

    private static Task<(IBackplane One, IBackplane Other, IMessageHistory History)> CreateAsync(bool isDown)
    {
        var (bus, history) = (new Bus(), new TableHistory { Down = isDown });
        return Task.FromResult<(IBackplane, IBackplane, IMessageHistory)>((new BusBackplane(bus, history), new BusBackplane(bus, history), history));
    }
}
