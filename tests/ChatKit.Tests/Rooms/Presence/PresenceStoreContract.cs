using ChatKit.Rooms.Presence;

namespace ChatKit.Tests.Rooms.Presence;

/// <summary>What every store of who is there does.</summary>
public abstract class PresenceStoreContract
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly string _room = $"room {Guid.NewGuid():n}";

    [Fact]
    public async Task A_member_is_present_until_it_leaves()
    {
        var store = await CreateAsync();
        await store.EnterAsync(_room, ["anna", "bob"], Long);
        await store.EnterAsync(_room, ["bob", "carl"], Long);
        Assert.Equal(["anna", "bob", "carl"], await ListAsync(store));

        Assert.True(await store.LeaveAsync(_room, "bob"));

        Assert.Equal(["anna", "carl"], await ListAsync(store));
    }

    [Fact]
    public async Task A_member_that_is_not_present_cannot_leave()
    {
        var store = await CreateAsync();
        Assert.False(await store.LeaveAsync(_room, "anna"));
        await store.EnterAsync(_room, ["anna"], Long);
        Assert.True(await store.LeaveAsync(_room, "anna"));
        Assert.False(await store.LeaveAsync(_room, "anna"));
        Assert.Empty(await ListAsync(store));
    }

    [Fact]
    public async Task Rooms_do_not_share_members()
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
    public async Task A_member_may_have_any_name(string member)
    {
        var store = await CreateAsync();
        await store.EnterAsync(_room, [member, "anna"], Long);
        Assert.Equal(new[] { member, "anna" }.Order(), await ListAsync(store));

        Assert.True(await store.LeaveAsync(_room, member));

        Assert.Equal(["anna"], await ListAsync(store));
    }

    [Fact]
    public async Task A_large_room_lists_all_its_members()
    {
        var store = await CreateAsync();
        var members = Enumerable.Range(0, 2345).Select(static i => $"member {i}").ToList();

        await store.EnterAsync(_room, members, Long);

        Assert.Equal(members.Order(), await ListAsync(store));
    }

    private protected abstract Task<IPresenceStore> CreateAsync();

    private async Task<IEnumerable<string>> ListAsync(IPresenceStore store) => (await store.ListAsync(_room)).Order();
}
