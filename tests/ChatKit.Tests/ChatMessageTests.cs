using System.Net.WebSockets;

namespace ChatKit.Tests;

public class ChatMessageTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 22, 18, 0, 0, 1, TimeSpan.FromMinutes(-210));
    private static readonly MessagePosition Position = new("e", 7);

    private static ChatMessage Full => new(WebSocketMessageType.Binary, "hi"u8.ToArray(), At)
    {
        From = "ann",
        ConnectionId = "c",
        Audience = Audience.Others,
        Position = Position,
        IdempotencyKey = "key",
        TraceParent = "trace",
        Revision = 3,
        ChangedAt = At.AddSeconds(1),
        ChangedBy = "bob",
        IsDeleted = true,
        IsJson = true,
    };

    [Fact]
    public void A_message_has_what_it_was_given()
    {
        var message = Full;

        Assert.Equal((WebSocketMessageType.Binary, "hi", At, At.Offset), (message.Type, message.Text, message.At, message.At.Offset));
        Assert.Equal(("ann", "c", Audience.Others, Position), (message.From, message.ConnectionId, message.Audience, message.Position));
        Assert.Equal(("key", "trace", 3, At.AddSeconds(1)), (message.IdempotencyKey, message.TraceParent, message.Revision, message.ChangedAt));
        Assert.Equal(("bob", true, true), (message.ChangedBy, message.IsDeleted, message.IsJson));
    }

    [Fact]
    public void A_message_at_another_position_has_everything_else()
    {
        var moved = Full.WithPosition(new MessagePosition("e", 8));

        Assert.Equal(8, moved.Position?.Sequence);
        foreach (var property in typeof(ChatMessage).GetProperties().Where(static property => property.Name != nameof(ChatMessage.Position)))
            Assert.Equal($"{property.GetValue(Full)}", $"{property.GetValue(moved)}");
    }

    [Fact]
    public void A_message_that_was_given_nothing_has_nothing()
    {
        var message = new ChatMessage(WebSocketMessageType.Text, default, default) { IdempotencyKey = null, Revision = null, IsDeleted = false };

        Assert.Equal((null, null, null, null), (message.Position, message.IdempotencyKey, message.TraceParent, message.Revision));
        Assert.Equal((null, null, false, Audience.Everyone), (message.ChangedAt, message.ChangedBy, message.IsDeleted, message.Audience));
        Assert.Equal(MessagePosition.None, message.WithPosition(MessagePosition.None).Position);
    }

    [Fact]
    public void A_changed_message_keeps_its_place_and_its_sender_and_loses_its_key()
    {
        var change = new MessageChange { Position = Position, Type = WebSocketMessageType.Text, Data = "ho"u8.ToArray(), At = At.AddDays(1), By = "cleo" };
        var changed = Full.With(change, revision: 4);

        Assert.Equal(("ho", Position, "ann", null), (changed.Text, changed.Position, changed.From, changed.IdempotencyKey));
        Assert.Equal((4, At.AddDays(1), "cleo", false), (changed.Revision, changed.ChangedAt, changed.ChangedBy, changed.IsDeleted));
        Assert.Equal("trace", changed.TraceParent);
    }
}
