using ChatKit.Rooms.Presence;

namespace ChatKit.Tests.Rooms.Presence;

/// <summary>What every store of who is there does.</summary>
public abstract class PresenceStoreContract
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly string _room = $"room {Guid.NewGuid():n}";

    [Fact]
    public async Task Who_has_come_is_there_until_gone()
    {
        var store = await CreateAsync();
        await store.EnterAsync(_room, ["anna", "bob"], Long);
        await store.EnterAsync(_room, ["bob", "carl"], Long);
        Assert.Equal(["anna", "bob", "carl"], await ListAsync(store));

        Assert.True(await store.LeaveAsync(_room, "bob"));

        Assert.Equal(["anna", "carl"], await ListAsync(store));
    }

    [Fact]
    public async Task Who_is_not_there_cannot_go()
    {
        var store = await CreateAsync();
        Assert.False(await store.LeaveAsync(_room, "anna"));
        await store.EnterAsync(_room, ["anna"], Long);
        Assert.True(await store.LeaveAsync(_room, "anna"));
        Assert.False(await store.LeaveAsync(_room, "anna"));
        Assert.Empty(await ListAsync(store));
    }

    [Fact]
    public async Task Rooms_do_not_share_who_is_there()
    {
        var store = await CreateAsync();
        await store.EnterAsync(_room, ["anna"], Long);
        await store.EnterAsync(_room + "2", ["bob"], Long);

        Assert.Equal(["anna"], await ListAsync(store));
    }

    [Theory]
    [InlineData("a\nb")]
    [InlineData("\n")]
    [InlineData("%s {x} 漢 😀")]
    [InlineData(" ")]
    public async Task Any_name_will_do(string member)
    {
        var store = await CreateAsync();
        await store.EnterAsync(_room, [member, "anna"], Long);
        Assert.Equal(new[] { member, "anna" }.Order(), await ListAsync(store));

        Assert.True(await store.LeaveAsync(_room, member));

        Assert.Equal(["anna"], await ListAsync(store));
    }

    [Fact]
    public async Task A_large_room_is_kept_whole()
    {
        var store = await CreateAsync();
        var members = Enumerable.Range(0, 2345).Select(static i => $"member {i}").ToList();

        await store.EnterAsync(_room, members, Long);

        Assert.Equal(members.Order(), await ListAsync(store));
    }

    private protected abstract Task<IPresenceStore> CreateAsync();

    private async Task<IEnumerable<string>> ListAsync(IPresenceStore store) => (await store.ListAsync(_room)).Order();
}
