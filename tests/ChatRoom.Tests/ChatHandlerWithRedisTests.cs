namespace ChatRoom.Tests;

public class ChatHandlerWithRedisTests(RedisServer redis) : IClassFixture<RedisServer>
{
    [Fact]
    public async Task The_history_survives_the_program()
    {
        await using (var chatRoom = await ChatRoomProcess.StartAsync("--redis", redis.Endpoint))
        {
            using var ann = await chatRoom.ConnectAsync("/chat/survivors?name=Ann");
            await ann.SayAsync("remember me");
            await ann.HearAsync("message");
        }

        await using var restarted = await ChatRoomProcess.StartAsync("--redis", redis.Endpoint);
        using var bob = await restarted.ConnectAsync("/chat/survivors?name=Bob");

        Assert.Equal("remember me", (await bob.HearAsync("message")).GetProperty("text").GetString());
        await Patience.UntilAsync(() => restarted.Output.Contains("in Redis at"), "the place of the history is printed");
    }

    [Fact]
    public async Task While_Redis_is_away_the_sender_is_told_and_afterwards_all_is_well()
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync("--redis", redis.Endpoint);
        using var ann = await chatRoom.ConnectAsync("/chat/outage?name=Ann");
        await ann.SayAsync("before");
        await ann.HearAsync("message");

        await redis.KillAsync();
        await ann.SayAsync("lost");
        Assert.Contains("could not be stored", (await ann.HearAsync("error")).GetProperty("text").GetString());
        using var bob = await chatRoom.ConnectAsync("/chat/outage?name=Bob");
        await bob.SayAsync("me too");
        await bob.HearAsync("error");
        await redis.StartAsync();

        await Patience.UntilAsync(() => chatRoom.Output.Contains("is back"), "Redis is back");
        await ann.SayAsync("after");
        Assert.Equal("after", (await ann.HearAsync("message")).GetProperty("text").GetString());
        Assert.Equal("before", (await bob.HearAsync("message")).GetProperty("text").GetString());
        Assert.Equal("after", (await bob.HearAsync("message")).GetProperty("text").GetString());
        Assert.Equal(1, chatRoom.Output.Split("cannot be reached").Length - 1);
    }
}
