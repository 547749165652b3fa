using System.Net.WebSockets;
using ChatKit.History;
using ChatKit.TestKit.Contracts;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Tests.History;

public class InMemoryMessageHistoryTests : MessageHistoryContractTests
{
    private readonly FakeTimeProvider _clock = new();

    protected override Task<IMessageHistory> CreateAsync(ChatKitOptions options) =>
        Task.FromResult<IMessageHistory>(new InMemoryMessageHistory(Options.Create(options), _clock, NullLogger<InMemoryMessageHistory>.Instance));

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

    [Fact]
    public async Task An_idempotency_key_is_remembered_for_5_minutes()
    {
        var history = await CreateAsync(new ChatKitOptions());
        var message = new ChatMessage(WebSocketMessageType.Text, default, default).WithIdempotencyKey("key");
        await history.AppendAsync("r", message);

        _clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));

        Assert.False((await history.AppendAsync("r", message)).IsNew);
    }

    [Fact]
    public async Task A_room_is_kept_as_long_as_messages_are_appended()
    {
        var options = new ChatKitOptions { RoomTimeToLive = TimeSpan.FromSeconds(10) };
        var history = await CreateAsync(options);
        for (var i = 1; i <= 5; i++)
        {
            Assert.Equal(i, (await AppendAsync(history, "r")).Position.Sequence);
            _clock.Advance(options.RoomTimeToLive - TimeSpan.FromTicks(1));
        }

        Assert.Equal(5, (await history.ReadAsync("r")).Messages.Count);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Empty((await history.ReadAsync("r")).Messages);
    }

    [Fact]
    public async Task Positions_continue_while_the_room_is_read_and_for_one_more_time_to_live()
    {
        var options = new ChatKitOptions { RoomTimeToLive = TimeSpan.FromSeconds(10) };
        var history = await CreateAsync(options);
        await AppendAsync(history, "r");
        for (var i = 0; i < 5; i++)
        {
            _clock.Advance(options.RoomTimeToLive - TimeSpan.FromTicks(1));
            await history.ReadAsync("r");
        }

        Assert.Equal(2, (await AppendAsync(history, "r")).Position.Sequence);
        _clock.Advance(2 * options.RoomTimeToLive);
        Assert.Equal(1, (await AppendAsync(history, "r")).Position.Sequence);
    }

    [Fact]
    public async Task Beyond_the_limit_the_least_recently_used_rooms_are_removed()
    {
        var history = await CreateAsync(new ChatKitOptions { MaxRoomsInMemory = 100 });
        for (var i = 0; i < 100; i++)
        {
            await AppendAsync(history, $"{i}");
            _clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        await history.ReadAsync("0");
        await AppendAsync(history, "one too many");

        Assert.Single((await history.ReadAsync("0")).Messages);
        Assert.Single((await history.ReadAsync("one too many")).Messages);
        List<int> forgotten = [];
        for (var i = 1; i < 100; i++)
        {
            if ((await history.ReadAsync($"{i}")).Top == MessagePosition.None)
                forgotten.Add(i);
        }

        Assert.Equal([1, 2, 3, 4, 5], forgotten);
    }

    [Fact]
    public async Task Expired_rooms_are_freed_even_if_they_are_not_read()
    {
        var history = await CreateAsync(new ChatKitOptions { RoomTimeToLive = TimeSpan.FromSeconds(10) });
        var abandoned = await AppendAbandonedAsync(history);
        _clock.Advance(TimeSpan.FromMinutes(2));

        await AppendAsync(history, "another");

        await Patience.UntilAsync(
            () =>
            {
                GC.Collect();
                return !abandoned.IsAlive;
            },
            "the message is collected");
    }

    /// <summary>A method of its own, so that no local keeps the payload.</summary>
    private static async Task<WeakReference> AppendAbandonedAsync(IMessageHistory history)
    {
        var data = new byte[10];
        await history.AppendAsync("abandoned", new ChatMessage(WebSocketMessageType.Binary, data, default));
        return new WeakReference(data);
    }

    private static ValueTask<AppendResult> AppendAsync(IMessageHistory history, string room) =>
        history.AppendAsync(room, new ChatMessage(WebSocketMessageType.Text, default, default));
}
