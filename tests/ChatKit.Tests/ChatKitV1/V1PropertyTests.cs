using System.Net.WebSockets;
using System.Text.Json;
using ChatKit.ChatKitV1;
using ChatKit.Rooms.Events;
using ChatKit.TestKit.ForAll;
using ChatKit.Tests.Fixtures;
using FsCheck;

namespace ChatKit.Tests.ChatKitV1;

public class V1PropertyTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 22, 19, 0, 0, TimeSpan.Zero);

    [ForAll]
    public void Json_is_read_or_rejected_with_a_reason(JsonText json) => AssertReadOrRejectedWithReason(new AnyText(json.Value).Utf8);

    [ForAll]
    public void Arbitrary_bytes_are_read_or_rejected_with_a_reason(AnyText text, byte[] noise)
    {
        AssertReadOrRejectedWithReason(text.Utf8);
        AssertReadOrRejectedWithReason(noise);
        AssertReadOrRejectedWithReason([.. "{\"type\":\"message\",\"data\":\""u8, .. noise, .. "\"}"u8]);
        AssertReadOrRejectedWithReason([.. "{\"type\":\"message\",\"data\":\"x\",\""u8, .. text.Utf8, .. "\":1}"u8]);
    }

    [ForAll]
    public void A_message_of_a_client_is_read_unchanged(AnyText data, Payload bytes, AnyText reference, bool isText)
    {
        var name = reference.Unicode.Length is > 0 and <= 64 ? reference.Unicode : null;
        var json = isText
            ? JsonSerializer.SerializeToUtf8Bytes(new { @ref = name, type = "message", data = data.Unicode })
            : JsonSerializer.SerializeToUtf8Bytes(new { type = "message", base64 = bytes.Bytes, @ref = name });

        Assert.Null(V1ClientFrame.Read(new WebSocketMessage(json, WebSocketMessageType.Text), out var frame));

        var message = frame!.ToMessage();
        Assert.Equal(name, frame.Ref);
        Assert.Equal(isText ? WebSocketMessageType.Text : WebSocketMessageType.Binary, message.Type);
        Assert.Equal(isText ? data.Utf8 : bytes.Bytes, message.Data.ToArray());
    }

    [ForAll]
    public void A_message_is_written_unchanged(
        AnyText room, AnyText? from, AnyText epoch, AnyText data, Payload bytes, bool isText, PositiveInt sequence)
    {
        var position = new MessagePosition("e" + epoch.Value, sequence.Get);
        var message = new ChatMessage(isText ? WebSocketMessageType.Text : WebSocketMessageType.Binary, isText ? data.Utf8 : bytes.Bytes, At)
        {
            From = from?.Value,
            Position = position,
        };

        var frame = Json(V1Frames.Message("r" + room.Value, message));

        Assert.Equal(
            ("message", "r" + room.Unicode, from?.Unicode, new AnyText(position.ToString()).Unicode),
            (String(frame, "type"), String(frame, "room"), String(frame, "from"), String(frame, "position")));
        Assert.Equal(At, frame.GetProperty("at").GetDateTimeOffset());
        Assert.Equal(isText ? data.Unicode : null, String(frame, "data"));
        Assert.Equal(isText ? null : bytes.Bytes, frame.TryGetProperty("base64", out var base64) ? base64.GetBytesFromBase64() : null);
    }

    [ForAll]
    public void Every_other_frame_is_valid_json_whatever_it_contains(AnyText one, AnyText two, AnyText? three, NonNegativeInt number)
    {
        var position = new MessagePosition(two.Value, number.Get);

        var time = TimeSpan.FromSeconds(number.Get);
        var welcome = Json(V1Frames.Welcome(one.Value, two.Value, three?.Value, time, number.Get, number.Get, expires: time));
        Assert.Equal(number.Get, welcome.GetProperty("expires").GetInt64());
        Assert.Equal((one.Unicode, two.Unicode, three?.Unicode), (String(welcome, "connection"), String(welcome, "room"), String(welcome, "user")));
        var ack = Json(V1Frames.Ack(one.Value, three?.Value, three is null ? null : position));
        Assert.Equal((one.Unicode, three?.Unicode), (String(ack, "ref"), String(ack, "room")));
        var error = Json(V1Frames.Error(three?.Value, V1Error.Malformed, one.Value));
        Assert.Equal((three?.Unicode, one.Unicode), (String(error, "ref"), String(error, "text")));
        var presence = Json(V1Frames.Presence(one.Value, new PresenceEvent(PresenceChange.Here, [two.Value, one.Value])));
        Assert.Equal([two.Unicode, one.Unicode], presence.GetProperty("here").EnumerateArray().Select(static m => m.GetString()!));
        var live = Json(V1Frames.Live(one.Value, position, recovered: true));
        var at = position.Sequence == 0 ? MessagePosition.None : position;
        Assert.Equal((one.Unicode, new AnyText(at.ToString()).Unicode), (String(live, "room"), String(live, "position")));
        var read = Json(V1Frames.Read(new ReadEvent(one.Value, two.Value, position)));
        Assert.Equal((one.Unicode, two.Unicode), (String(read, "room"), String(read, "user")));
        var gap = Json(V1Frames.Gap(one.Value, new MessageGap(position, position, three is null ? null : number.Get)));
        Assert.Equal(three is null, gap.TryGetProperty("reset", out _));
    }

    [ForAll]
    public void A_JSON_message_is_read_and_written_unchanged_or_rejected(JsonText json, AnyText text)
    {
        foreach (var value in new[] { json.Value, JsonSerializer.Serialize(text.Unicode) })
        {
            var bytes = new AnyText($$"""{"type":"message","json":{{value}}}""").Utf8;
            if (V1ClientFrame.Read(new WebSocketMessage(bytes, WebSocketMessageType.Text), out var frame) is not null || !frame!.IsKnown)
                continue;
            var message = frame.ToMessage();
            if (!message.IsJson)
                continue;

            var written = Json(V1Frames.Message("room", new ChatMessage(message.Type, message.Data, At) { IsJson = true }));

            Assert.Equal(message.Text, written.GetProperty("json").GetRawText());
        }
    }

    [ForAll]
    public void Whatever_a_history_takes_for_JSON_is_written_as_valid_JSON(AnyText text, byte[] noise)
    {
        foreach (var bytes in new[] { text.Utf8, noise, [.. "{\"a\":\""u8, .. noise, .. "\"}"u8] })
            Json(V1Frames.Message("room", new ChatMessage(WebSocketMessageType.Text, bytes, At) { IsJson = true }));
    }

    /// <summary>The application, or the store, may take bytes for a text that are none.</summary>
    [ForAll]
    public void A_text_message_that_is_not_utf8_is_still_written_as_valid_json(byte[] noise) =>
        Assert.Equal("message", String(Json(V1Frames.Direct(WebSocketMessageType.Text, noise, At)), "type"));

    private static void AssertReadOrRejectedWithReason(byte[] bytes)
    {
        var problem = V1ClientFrame.Read(new WebSocketMessage(bytes, WebSocketMessageType.Text), out var frame);

        if (problem is not null)
        {
            Assert.NotEmpty(problem);
            Assert.Equal(new AnyText(problem).Unicode, String(Json(V1Frames.Error(frame?.Ref, V1Error.Malformed, problem)), "text"));
            return;
        }

        Assert.NotNull(frame!.Type);
        Assert.Equal(frame.Type is V1ClientFrame.MessageType or V1ClientFrame.PongType or V1ClientFrame.ReadType, frame.IsKnown);
        if (frame.Type == V1ClientFrame.ReadType)
            MessagePosition.Parse(frame.Position!);
        if (frame.Type == V1ClientFrame.MessageType)
        {
            Assert.Single(new object?[] { frame.Data, frame.Base64, frame.Json }, static payload => payload is not null);
            Assert.True(frame.Ref is null or { Length: > 0 and <= 64 });
            Assert.Equal(frame.Data ?? frame.ToMessage().Text, frame.ToMessage().Text);
        }
    }

    /// <summary>Strictly JSON, and strictly UTF-8.</summary>
    private static JsonElement Json(byte[] frame) => JsonDocument.Parse(Assert.Single(Frame.Parse(frame)).Payload).RootElement;

    private static string? String(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;
}
