using ChatKit.ChatKitV1;
using ChatKit.Rooms;
using ChatKit.Rooms.Events;
using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Rooms;

/// <summary>In a large room, several processors share the members in each turn. Nobody notices.</summary>
public sealed class SharedFanOutTests : IAsyncDisposable
{
    private const string Name = "r";

    /// <summary>Shared even if the machine that runs the test has one processor.</summary>
    private const int Usual = 500;
    private const int Forced = 2;

    private readonly TestMeters _meters = new();
    private ChatHost? _host;

    public async ValueTask DisposeAsync()
    {
        await _host!.DisposeAsync();
        _meters.Dispose();
    }

    [Theory]
    [InlineData(Usual, 600)]
    [InlineData(Forced, 40)]
    public async Task Everyone_receives_every_message_once_and_in_the_order_of_the_room(int sharedFrom, int count)
    {
        const int Publishers = 4, Each = 25;
        var members = await OpenAsync(sharedFrom, count);
        var delivered = _meters.Collect("chatkit.messages.delivered");

        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(publisher => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
                await PublishAsync($"{publisher} {i}");
        })));

        var stored = (await _host!.History.ReadAsync(Name)).Messages.Select(static message => message.Text).ToArray();
        Assert.Equal(Publishers * Each, stored.Length);
        foreach (var member in members)
            Assert.Equal(stored, await member.ReceiveAsync(stored.Length));
        await DeliveriesEndAsync();
        Assert.All(members, member => Assert.Equal(stored.Length, member.Texts.Length));
        Assert.Equal((long)count * stored.Length, delivered.Sum());
    }

    [Theory]
    [InlineData(Usual, 600)]
    [InlineData(Forced, 40)]
    public async Task Members_that_come_and_go_receive_all_messages_between_without_gaps(int sharedFrom, int count)
    {
        const int Messages = 100;
        var stayers = await OpenAsync(sharedFrom, count);
        using var ended = new CancellationTokenSource();
        var guests = Enumerable.Range(0, 4).Select(i => Task.Run(async () =>
        {
            var received = new List<string[]>();
            while (!ended.IsCancellationRequested)
            {
                var guest = new FakeRoomClient($"guest {i}");
                var membership = _host!.Rooms.Enter(Name, guest, replay: 1);
                await membership.StartAsync();
                await Task.Yield();
                membership.Leave();
                await membership.Room.WaitForDeliveryAsync().Soon();
                var texts = guest.Texts;
                await Task.Yield();
                Assert.Equal(texts, guest.Texts);
                received.Add(texts);
            }

            return received;
        })).ToArray();

        for (var i = 0; i < Messages; i++)
        {
            await PublishAsync($"{i}");
            await Task.Yield();
        }

        foreach (var stayer in stayers)
            Assert.Equal(Texts(0, Messages), await stayer.ReceiveAsync(Messages));
        await ended.CancelAsync();
        foreach (var texts in (await Task.WhenAll(guests).Soon()).SelectMany(static all => all).Where(static texts => texts.Length > 0))
            Assert.Equal(Texts(int.Parse(texts[0]), texts.Length), texts);
    }

    [Theory]
    [InlineData(Usual, 600)]
    [InlineData(Forced, 40)]
    public async Task A_member_that_leaves_during_a_turn_receives_nothing_after_it(int sharedFrom, int count)
    {
        using var release = new ManualResetEventSlim();
        var members = await OpenAsync(sharedFrom, count);
        var leaver = new FakeRoomClient("leaver");
        var membership = _host!.Rooms.Enter(Name, leaver, replay: 0);
        await membership.StartAsync();
        members[count / 2].BeforeEnqueue = () => release.Wait(Patience.Limit);
        await PublishAsync("0");
        await Patience.UntilAsync(() => members[0].Texts.Length == 1, "the turn has begun");

        membership.Leave();
        var ended = membership.Room.WaitForDeliveryAsync();
        await PublishAsync("1");
        Assert.False(ended.IsCompleted);
        release.Set();
        await ended.Soon();
        var received = leaver.Texts;
        foreach (var member in members)
            Assert.Equal(Texts(0, 2), await member.ReceiveAsync(2));

        Assert.Equal(received, leaver.Texts);
        Assert.DoesNotContain("1", received);
    }

    [Theory]
    [InlineData(int.MaxValue, 40)]
    [InlineData(Usual, 600)]
    [InlineData(Forced, 40)]
    public async Task The_exception_of_one_member_does_not_affect_the_others(int sharedFrom, int count)
    {
        var members = await OpenAsync(sharedFrom, count);
        members[count / 2].BeforeEnqueue = static () => throw new InvalidOperationException("a fault");
        await PublishAsync("0");
        var others = members.Where((_, i) => i != count / 2).ToArray();
        foreach (var member in others)
            Assert.Equal(Texts(0, 1), await member.ReceiveAsync(1));

        await DeliveriesEndAsync();
        var logged = Assert.Single(_host!.Logs.GetSnapshot(), static record => record.Id.Id == 206);
        Assert.Equal("a fault", logged.Exception?.Message);
        members[count / 2].BeforeEnqueue = null;
        await PublishAsync("1");

        foreach (var member in others)
            Assert.Equal(Texts(0, 2), await member.ReceiveAsync(2));
        Assert.Equal("1", (await members[count / 2].ReceiveAsync(1))[0]);
    }

    [Fact]
    public async Task A_thread_that_is_held_up_delays_only_its_slice_and_no_turn_overtakes_it()
    {
        using var release = new ManualResetEventSlim();
        var members = await OpenAsync(Forced, 40);
        var held = members[0];
        held.BeforeEnqueue = () => release.Wait(Patience.Limit);
        await PublishAsync("0");
        var others = members.Skip(Math.Max(1, 40 / (Environment.ProcessorCount * 16))).ToArray();
        foreach (var member in others)
            await member.ReceiveAsync(1);

        await PublishAsync("1");
        Assert.All(others, static member => Assert.Single(member.Texts));
        release.Set();

        foreach (var member in members)
            Assert.Equal(Texts(0, 2), await member.ReceiveAsync(2));
    }

    [Fact]
    public async Task Members_that_fall_behind_in_the_same_turn_all_catch_up()
    {
        const int Messages = 50;
        var members = await OpenAsync(Forced, 40);
        for (var i = 0; i < Messages; i++)
        {
            foreach (var member in members.Where((_, at) => (at + i) % 3 == 0))
                member.Accept(i % 2);
            await PublishAsync($"{i}");
            await DeliveriesEndAsync();
            foreach (var member in members)
                member.Accept();
        }

        foreach (var member in members)
            Assert.Equal(Texts(0, Messages), await member.ReceiveAsync(Messages));
        await DeliveriesEndAsync();
        Assert.All(members, static member => Assert.Equal(Messages, member.Texts.Length));
    }

    [Fact]
    public async Task Members_receive_each_format_and_only_what_is_for_them()
    {
        var members = await OpenAsync(Forced, 40, static i => new FakeRoomClient($"{i}") { Format = i % 2 == 0 ? WireFormat.Plain : WireFormat.V1 });
        var message = new ChatMessage(System.Net.WebSockets.WebSocketMessageType.Text, "hi"u8.ToArray(), ChatHost.Start)
        {
            Audience = Audience.Others,
            ConnectionId = "6",
        };
        await _host!.Backplane.PublishAsync(Name, message);
        await _host.Backplane.AnnounceAsync(Name, Announcement.Encode(new SignalEvent("typing", Data: null, From: "ann", "7")));
        await PublishAsync("last");

        for (var i = 0; i < members.Length; i++)
        {
            await Patience.UntilAsync(() => members[i].Texts is [.., var last] && last.Contains("last", StringComparison.Ordinal), "all arrive");
            var texts = members[i].Texts;
            Assert.Equal(i != 6, texts.Any(static text => text.Contains("hi", StringComparison.Ordinal)));
            Assert.Equal(i % 2 == 1 && i != 7, texts.Any(static text => text.Contains("typing", StringComparison.Ordinal)));
            Assert.Equal(i % 2 == 1, texts[^1].StartsWith("""{"type":"message","room":"r",""", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    [InlineData(1000, 2)]
    [InlineData(1000, 3)]
    [InlineData(9999, 16)]
    [InlineData(20_000, 2)]
    public async Task Slices_cover_each_member_once(int count, int threads)
    {
        _host = new ChatHost();
        var members = Enumerable.Range(0, count).Select(static i => new LiveMember(new RoomMember(new FakeRoomClient($"{i}"), replay: 0))).ToArray();
        var taken = new int[count];

        var slices = new MemberSlices(members, threads, slice =>
        {
            for (var i = 0; i < slice.Count; i++)
                Interlocked.Increment(ref taken[slice.Offset + i]);
            return new FanOutResult(slice.Count);
        });
        var result = await slices.RunAsync().Soon();

        Assert.Equal(new FanOutResult(count), result);
        Assert.All(taken, static times => Assert.Equal(1, times));
    }

    [Fact]
    public async Task The_thread_of_a_turn_does_not_wait_for_another_one()
    {
        _host = new ChatHost();
        using var begun = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var own = Environment.CurrentManagedThreadId;
        var slices = new MemberSlices(new LiveMember[100], threads: 2, slice =>
        {
            if (Environment.CurrentManagedThreadId == own)
            {
                begun.Wait(Patience.Limit);
            }
            else
            {
                begun.Set();
                release.Wait(Patience.Limit);
            }

            return new FanOutResult(slice.Count);
        });

        var ended = slices.RunAsync();
        Assert.False(ended.IsCompleted);
        release.Set();

        Assert.Equal(100, (await ended.Soon()).Deliveries);
    }

    private static IEnumerable<string> Texts(int first, int count) => Enumerable.Range(first, count).Select(static i => $"{i}");

    private async Task<FakeRoomClient[]> OpenAsync(int sharedFrom, int count, Func<int, FakeRoomClient>? create = null)
    {
        _host = new ChatHost(options => options.SharedFanOutFrom = sharedFrom, _meters.AddTo);
        create ??= static i => new FakeRoomClient($"{i}");
        var members = Enumerable.Range(0, count).Select(create).ToArray();
        foreach (var member in members)
            await _host.Rooms.Enter(Name, member, replay: 100).StartAsync();
        return members;
    }

    private async Task PublishAsync(string text) => await _host!.Backplane.PublishAsync(Name, Outgoing.Text(text, ChatHost.Start));

    private Task DeliveriesEndAsync() => _host!.Rooms.Find(Name)!.WaitForDeliveryAsync().Soon();
}
