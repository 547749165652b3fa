using System.Text.Json;

namespace ChatRoom.Tests;

public class ChatHandlerTests
{
    [Fact]
    public async Task Everyone_in_the_room_is_told_who_said_what_and_when()
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync();
        using var ann = await chatRoom.ConnectAsync("/chat/lobby?name=Ann");
        await ann.SayAsync("hi");
        await ann.HearAsync("message");
        using var bob = await chatRoom.ConnectAsync("/chat/lobby?name=Bob");
        Assert.Equal("hi", (await bob.HearAsync("message")).GetProperty("text").GetString());
        using var carol = await chatRoom.ConnectAsync("/chat/kitchen?name=Carol");

        await bob.SayAsync("grüß dich 👋");

        foreach (var client in new[] { ann, bob })
        {
            var message = await client.HearAsync("message");
            Assert.Equal("Bob", message.GetProperty("from").GetString());
            Assert.Equal("grüß dich 👋", message.GetProperty("text").GetString());
            Assert.InRange(message.GetProperty("at").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
        }

        await carol.SayAsync("alone");
        Assert.Equal("alone", (await carol.HearAsync("message")).GetProperty("text").GetString());
    }

    [Fact]
    public async Task Those_who_are_there_are_told_who_comes_and_goes()
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync();
        using var ann = await chatRoom.ConnectAsync("/chat/lobby?name=Ann");
        await ann.SayAsync("hi");
        await ann.HearAsync("message");

        var bob = await chatRoom.ConnectAsync("/chat/lobby?name=Bob");
        Assert.Equal("Bob", (await ann.HearAsync("joined")).GetProperty("from").GetString());
        bob.Abort();

        Assert.Equal("Bob", (await ann.HearAsync("left")).GetProperty("from").GetString());
    }

    [Fact]
    public async Task A_newcomer_is_given_the_last_100_messages_and_no_notices()
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync();
        using var ann = await chatRoom.ConnectAsync("/chat/lobby?name=Ann");
        for (var i = 0; i < 120; i++)
            await ann.SayAsync($"{i}");
        for (var i = 0; i < 120; i++)
            await ann.HearAsync("message");

        using var bob = await chatRoom.ConnectAsync("/chat/lobby?name=Bob");

        for (var i = 20; i < 120; i++)
        {
            var told = JsonDocument.Parse(await bob.HearAsync()).RootElement;
            Assert.Equal("message", told.GetProperty("type").GetString());
            Assert.Equal($"{i}", told.GetProperty("text").GetString());
        }
    }

    [Theory]
    [InlineData("", "Anonymous")]
    [InlineData("?name=%20%0A", "Anonymous")]
    [InlineData("?name=%20A%0Ann%20", "Ann")]
    [InlineData("?name=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeee", "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd")]
    public async Task A_name_is_made_presentable(string query, string shown)
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync();
        using var client = await chatRoom.ConnectAsync("/chat/lobby" + query);
        await client.SayAsync("   ");
        await client.SayAsync("hi");

        var message = await client.HearAsync("message");

        Assert.Equal(shown, message.GetProperty("from").GetString());
        Assert.Equal("hi", message.GetProperty("text").GetString());
    }
}
