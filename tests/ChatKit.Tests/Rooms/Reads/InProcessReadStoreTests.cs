using ChatKit.Rooms;
using ChatKit.Rooms.Reads;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Rooms.Reads;

public sealed class InProcessReadStoreTests : ReadStoreContract, IAsyncDisposable
{
    private const int MaxRooms = 100;

    private readonly RoomFixture _room = new(static options => (options.MaxRoomsInMemory, options.RoomTimeToLive) = (MaxRooms, TimeSpan.FromDays(1)));

    private IReadStore Store => _room.Host.Services.GetRequiredService<IReadStore>();

    public ValueTask DisposeAsync() => _room.DisposeAsync();

    [Fact]
    public async Task Cursors_of_a_room_that_nobody_uses_expire_and_those_of_others_do_not()
    {
        var (old, used) = (await ReadAsync("old"), await ReadAsync("used"));
        for (var day = 0; day < 3; day++)
        {
            _room.Host.Clock.Advance(TimeSpan.FromHours(23));
            await _room.Host.Broadcaster.BroadcastAsync("used", "x");
            await Store.GetAsync("anna", ["used"]);
            await _room.History.Object.ReadAsync("old"); // Its positions do not expire.
        }

        // Storing a cursor removes what has expired.
        await ReadAsync("other");

        Assert.Equal(used, (await Store.GetAsync("anna", ["used"]))[0].Read);
        Assert.Equal(old.Epoch, (await _room.History.Object.ReadAsync("old")).Top.Epoch);
        Assert.Null((await Store.GetAsync("anna", ["old"]))[0].Read);
    }

    [Fact]
    public async Task Beyond_the_limit_the_cursors_of_the_least_recently_used_rooms_are_removed()
    {
        for (var i = 0; i < MaxRooms; i++)
        {
            _room.Host.Clock.Advance(TimeSpan.FromMilliseconds(1));
            await ReadAsync($"room {i}");
        }

        await ReadAsync("one more");

        var states = await Store.GetAsync("anna", [.. Enumerable.Range(0, MaxRooms).Select(static i => $"room {i}")]);
        Assert.DoesNotContain(states.Take(5), static state => state.Read is not null);
        Assert.DoesNotContain(states.Skip(5), static state => state.Read is null);
    }

    private protected override Task<(IMessageHistory History, IReadStore Store)> CreateAsync() => Task.FromResult((_room.History.Object, Store));

    private protected override Task LoseMessagesAsync(string room)
    {
        _room.LoseHistory();
        return Task.CompletedTask;
    }

    private async Task<MessagePosition> ReadAsync(string room)
    {
        var position = (await _room.History.Object.AppendAsync(room, Outgoing.Text("x", default), null)).Position;
        Assert.Equal(position, await Store.MoveAsync(room, "anna", position));
        return position;
    }
}
