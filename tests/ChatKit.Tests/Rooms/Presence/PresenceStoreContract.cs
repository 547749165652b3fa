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

        await store.EnterAsync(_room, [.. members.Select(static member => new MemberData(member))], Long);

        Assert.Equal(members.Order(), await ListAsync(store));
    }

    [Fact]
    public async Task The_data_of_a_member_is_that_of_the_last_entry_and_a_renewal_only_restores_it()
    {
        var store = await CreateAsync();
        await store.EnterAsync(_room, [new("anna", """{"name":"A=1;"}"""), "bob"], Long);
        Assert.Equal([new("anna", """{"name":"A=1;"}"""), new("bob")], await ReadAsync(store));

        await store.EnterAsync(_room, [new("anna", "2"), new("bob", "3")], Long);
        await store.EnterAsync(_room, [new("anna", "old"), "bob", new("carl", "4")], Long, isRenewal: true);
        await store.EnterAsync(_room, ["anna", "bob"], Long);

        Assert.Equal([new("anna", "2"), new("bob", "3"), new("carl", "4")], await ReadAsync(store));
        var members = await store.ListMembersAsync(_room);
        Assert.Equal([("anna", 2), ("bob", 3), ("carl", 4)], members.Select(static m => (m.Id, m.Data!.Value.GetInt32())).Order());
    }

    [Fact]
    public async Task The_data_of_a_member_that_has_left_is_gone()
    {
        var store = await CreateAsync();
        await store.EnterAsync(_room, [new("anna", "1")], Long);
        Assert.True(await store.LeaveAsync(_room, "anna"));
        await store.EnterAsync(_room, ["anna"], Long);

        Assert.Equal([new("anna")], await ReadAsync(store));
        Assert.Null(Assert.Single(await store.ListMembersAsync(_room)).Data);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(2345)]
    public async Task Members_are_counted(int count)
    {
        var store = await CreateAsync();
        await store.EnterAsync(_room, [.. Enumerable.Range(0, count).Select(static i => new MemberData($"member {i}", "1")), "anna"], Long);

        Assert.Equal(count + 1, await store.CountAsync(_room));
        Assert.Equal(0, await store.CountAsync(_room + "2"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.CountAsync(""));
    }

    private protected abstract Task<IPresenceStore> CreateAsync();

    private async Task<IEnumerable<MemberData>> ReadAsync(IPresenceStore store) => (await store.ReadAsync(_room)).OrderBy(static member => member.Id);

    private async Task<IEnumerable<string>> ListAsync(IPresenceStore store) => (await store.ListAsync(_room)).Order();
}
