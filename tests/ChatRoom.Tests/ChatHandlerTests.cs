namespace ChatRoom.Tests;

public class ChatHandlerTests(SharedChatRoom shared)
{
    [Fact]
    public async Task Everyone_in_the_room_receives_text_sender_and_time()
    {
        var chatRoom = await shared.GetAsync();
        var room = shared.NewRoom();
        using var ann = await chatRoom.ConnectV1Async($"/chat/{room}?name=Ann");
        await ann.SendV1Async("hi");
        await ann.ReceiveFrameAsync("message");
        using var bob = await chatRoom.ConnectV1Async($"/chat/{room}?name=Bob");
        Assert.Equal("hi", (await bob.ReceiveFrameAsync("message")).GetProperty("data").GetString());
        using var carol = await chatRoom.ConnectV1Async($"/chat/{shared.NewRoom()}?name=Carol");

        await bob.SendV1Async("grüß dich 👋");

        foreach (var client in new[] { ann, bob })
        {
            var message = await client.ReceiveFrameAsync("message");
            Assert.Equal("Bob", message.GetProperty("from").GetString());
            Assert.Equal("grüß dich 👋", message.GetProperty("data").GetString());
            Assert.InRange(message.GetProperty("at").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
        }

        await carol.SendV1Async("alone");
        Assert.Equal("alone", (await carol.ReceiveFrameAsync("message")).GetProperty("data").GetString());
    }

    [Fact]
    public async Task Plain_clients_send_and_receive_plain_texts()
    {
        var chatRoom = await shared.GetAsync();
        var room = shared.NewRoom();
        using var ann = await chatRoom.ConnectV1Async($"/chat/{room}?name=Ann");
        await ann.SendV1Async("hi");
        await ann.ReceiveFrameAsync("message");
        using var bob = await chatRoom.ConnectAsync($"/chat/{room}?name=Bob");
        Assert.Equal("hi", await bob.ReceiveTextAsync());

        await bob.SendTextAsync("hi all");

        Assert.Equal("hi all", await bob.ReceiveTextAsync());
        var received = await ann.ReceiveFrameAsync("message");
        Assert.Equal("Bob", received.GetProperty("from").GetString());
        Assert.Equal("hi all", received.GetProperty("data").GetString());
    }

    [Fact]
    public async Task Members_are_notified_of_arrivals_and_departures()
    {
        var chatRoom = await shared.GetAsync();
        var room = shared.NewRoom();
        using var ann = await chatRoom.ConnectV1Async($"/chat/{room}?name=Ann");
        Assert.Equal("""["Ann"]""", (await ann.ReceiveFrameAsync("presence")).GetProperty("here").GetRawText());

        var bob = await chatRoom.ConnectAsync($"/chat/{room}?name=Bob");
        Assert.Equal("""["Bob"]""", (await ann.ReceiveFrameAsync("presence")).GetProperty("joined").GetRawText());
        bob.Abort();

        Assert.Equal("""["Bob"]""", (await ann.ReceiveFrameAsync("presence")).GetProperty("left").GetRawText());
    }

    [Fact]
    public async Task A_new_member_receives_the_last_50_messages_and_no_notices()
    {
        var chatRoom = await shared.GetAsync();
        var room = shared.NewRoom();
        using var ann = await chatRoom.ConnectAsync($"/chat/{room}?name=Ann");
        for (var i = 0; i < 120; i++)
            await ann.SendTextAsync($"{i}");
        for (var i = 0; i < 120; i++)
            await ann.ReceiveTextAsync();

        using var bob = await chatRoom.ConnectAsync($"/chat/{room}?name=Bob");

        for (var i = 70; i < 120; i++)
            Assert.Equal($"{i}", await bob.ReceiveTextAsync());
    }

    [Theory]
    [InlineData("", "Anonymous")]
    [InlineData("?name=%20%0A", "Anonymous")]
    [InlineData("?name=%20A%0Ann%20", "Ann")]
    [InlineData("?name=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeee", "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd")]
    [InlineData("?name=aaaaaaaaaabbbbbbbbbbccccccccccddddddddd%F0%9F%91%8B", "aaaaaaaaaabbbbbbbbbbccccccccccddddddddd")]
    [InlineData("?name=aaaaaaaaaabbbbbbbbbbccccccccccdddddddd%F0%9F%91%8B", "aaaaaaaaaabbbbbbbbbbccccccccccdddddddd👋")]
    [InlineData("?name=aaaaaaaaaabbbbbbbbbbccccccccccddddddddde%CC%81", "aaaaaaaaaabbbbbbbbbbccccccccccddddddddd")]
    public async Task A_name_is_made_presentable(string query, string shown)
    {
        var chatRoom = await shared.GetAsync();
        var room = shared.NewRoom();
        using var client = await chatRoom.ConnectV1Async($"/chat/{room}{query}");
        await client.SendV1Async("   ");
        await client.SendV1Async("hi");

        var message = await client.ReceiveFrameAsync("message");

        Assert.Equal(shown, message.GetProperty("from").GetString());
        Assert.Equal("hi", message.GetProperty("data").GetString());
    }
}
