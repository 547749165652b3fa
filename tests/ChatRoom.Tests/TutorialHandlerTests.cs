namespace ChatRoom.Tests;

public class TutorialHandlerTests(SharedChatRoom shared)
{
    [Fact]
    public async Task The_sender_receives_a_confirmation_and_the_others_the_message()
    {
        var chatRoom = await shared.GetAsync();
        using var sender = await chatRoom.ConnectAsync("/msg");
        using var other = await chatRoom.ConnectAsync("/msg");

        // A message from the other client shows that it is in the room.
        await other.SendTextAsync("here");
        Assert.Equal("我收到了你的消息：here", await other.ReceiveTextAsync());
        Assert.Equal("here", await sender.ReceiveTextAsync());
        await sender.SendTextAsync("你好");

        Assert.Equal("我收到了你的消息：你好", await sender.ReceiveTextAsync());
        Assert.Equal("你好", await other.ReceiveTextAsync());
    }

    [Fact]
    public async Task No_message_is_stored()
    {
        var chatRoom = await shared.GetAsync();
        using var first = await chatRoom.ConnectAsync("/msg");
        using var second = await chatRoom.ConnectAsync("/msg");
        await second.SendTextAsync("here");
        await first.ReceiveTextAsync();
        await first.SendTextAsync("before");
        await second.ReceiveTextAsync();
        Assert.Equal("before", await second.ReceiveTextAsync());

        using var late = await chatRoom.ConnectAsync("/msg");
        await late.SendTextAsync("after");

        Assert.Equal("我收到了你的消息：after", await late.ReceiveTextAsync());
    }
}
