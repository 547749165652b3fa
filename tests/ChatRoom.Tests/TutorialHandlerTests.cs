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
        await other.SayAsync("here");
        Assert.Equal("我收到了你的消息：here", await other.HearAsync());
        Assert.Equal("here", await sender.HearAsync());
        await sender.SayAsync("你好");

        Assert.Equal("我收到了你的消息：你好", await sender.HearAsync());
        Assert.Equal("你好", await other.HearAsync());
    }

    [Fact]
    public async Task No_message_is_stored()
    {
        var chatRoom = await shared.GetAsync();
        using var first = await chatRoom.ConnectAsync("/msg");
        using var second = await chatRoom.ConnectAsync("/msg");
        await second.SayAsync("here");
        await first.HearAsync();
        await first.SayAsync("before");
        await second.HearAsync();
        Assert.Equal("before", await second.HearAsync());

        using var late = await chatRoom.ConnectAsync("/msg");
        await late.SayAsync("after");

        Assert.Equal("我收到了你的消息：after", await late.HearAsync());
    }
}
