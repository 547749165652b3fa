using System.Net.WebSockets;
using System.Text;
using ChatKit.ChatKitV1;
using ChatKit.Redis;
using ChatKit.Rooms.Events;
using ChatKit.TestKit.ForAll;
using FsCheck;

namespace ChatKit.Tests.Redis;

public class RedisCodecPropertyTests
{
    /// <summary>What an exception and its text may take, whatever the bytes say that there is.</summary>
    private const int Most = 64 * 1024;

    public sealed record Message(AnyText? Text, Payload Bytes, AnyText? From, AnyText? ConnectionId, bool ForOthers, long Ticks)
    {
        internal ChatMessage Create() => new(
            Text is null ? WebSocketMessageType.Binary : WebSocketMessageType.Text,
            Text?.Utf8 ?? Bytes.Bytes,
            new DateTimeOffset((long)((ulong)Ticks % (ulong)DateTimeOffset.MaxValue.Ticks), TimeSpan.Zero))
        {
            From = From?.Value,
            ConnectionId = ConnectionId?.Value,
            Audience = ForOthers ? Audience.Others : Audience.Everyone,
            IsJson = Text is not null && Ticks % 2 == 0,
        };
    }

    [ForAll]
    public void An_entry_survives_encoding_and_decoding(Message original, byte[] head)
    {
        var message = original.Create();

        var entry = RedisEntry.Encode(message, head);

        Assert.True(entry.AsSpan().StartsWith(head));
        var read = RedisEntry.Decode(entry.AsMemory(head.Length), new MessagePosition("e", 7));
        Assert.Equal(
            (message.Type, message.At, original.From?.Unicode, original.ConnectionId?.Unicode, message.Audience, new MessagePosition("e", 7)),
            (read.Type, read.At, read.From, read.ConnectionId, read.Audience, read.Position));
        Assert.Equal(message.IsJson, read.IsJson);
        Assert.True(message.Data.Span.SequenceEqual(read.Data.Span));
    }

    [ForAll]
    public void A_payload_with_its_position_survives_encoding_and_decoding(Message original, AnyText epoch, NonNegativeInt sequence, bool known)
    {
        var message = original.Create();
        var name = "e" + epoch.Unicode.Replace("\n", "", StringComparison.Ordinal);
        byte[] payload = sequence.Get == 0
            ? RedisPayload.OfEphemeral(message)
            : RedisEntry.Encode(message, Encoding.UTF8.GetBytes($"{name}:{sequence.Get}\n"));

        var read = RedisPayload.Decode(payload, known ? name : "another");

        Assert.Equal(sequence.Get == 0 ? null : new MessagePosition(name, sequence.Get), read.Position);
        Assert.Equal((message.At, original.From?.Unicode), (read.At, read.From));
        Assert.True(message.Data.Span.SequenceEqual(read.Data.Span));
    }

    [ForAll]
    public void An_announcement_survives_encoding_and_decoding(AnyText text, ushort code, byte kind)
    {
        var status = (WebSocketCloseStatus)(3000 + (code % 2000));
        RoomEvent notice = (kind % 4) switch
        {
            0 => new PresenceEvent(PresenceChange.Joined, [text.Unicode]),
            1 => new PresenceEvent(PresenceChange.Left, [text.Unicode]),
            2 => new DisconnectEvent(status, text.Unicode),
            _ => new DisconnectEvent(status, null),
        };

        Assert.True(RedisPayload.IsAnnouncement(RedisPayload.OfAnnouncement(Announcement.Encode(notice)), out var carried));
        var read = Announcement.Decode(carried.Span);

        if (notice is PresenceEvent presence)
            Assert.Equal((presence.Change, text.Unicode), (Assert.IsType<PresenceEvent>(read).Change, Assert.Single(((PresenceEvent)read!).Members)));
        else
            Assert.Equal(notice, read);
    }

    [ForAll]
    public void A_damaged_entry_is_read_or_rejected_with_InvalidDataException(Message original, byte[] noise, ushort at)
    {
        var entry = RedisEntry.Encode(original.Create());
        foreach (var bytes in Damaged(entry, noise, at))
            AssertReadOrRejected(bytes, static bytes => RedisEntry.Decode(bytes, null));
    }

    [ForAll]
    public void A_damaged_payload_is_read_or_rejected_with_InvalidDataException(Message original, byte[] noise, ushort at)
    {
        foreach (var head in new[] { "e:7\n", ":0\n" })
        {
            foreach (var bytes in Damaged(RedisEntry.Encode(original.Create(), Encoding.UTF8.GetBytes(head)), noise, at))
            {
                AssertReadOrRejected(bytes, static bytes =>
                {
                    // What is read is a position that a client can be told, and can come back with.
                    if (RedisPayload.Decode(bytes, "e").Position is { } position)
                        Assert.Equal(position, MessagePosition.Parse(position.ToString()));
                });
            }
        }
    }

    [ForAll]
    public void A_damaged_announcement_is_read_or_rejected(AnyText text, byte[] noise, ushort at)
    {
        foreach (var notice in new[] { "joined\nanna", "left\nanna", "disconnect\n4000", "disconnect\n4000\nwhy", $"disconnect\n{text.Value}" })
        {
            foreach (var bytes in Damaged(Encoding.UTF8.GetBytes(notice), noise, at))
            {
                AssertReadOrRejected(bytes, static bytes =>
                {
                    if (Announcement.Decode(bytes.Span) is { } read)
                        Assert.Equal(Encoding.UTF8.GetString(bytes.Span), Encoding.UTF8.GetString(Announcement.Encode(read)));
                });
            }
        }
    }

    private static IEnumerable<byte[]> Damaged(byte[] bytes, byte[] noise, ushort at)
    {
        var place = at % bytes.Length;
        yield return noise;
        yield return bytes[..place];
        yield return [.. bytes[..place], .. noise, .. bytes[place..]];
        yield return [.. bytes[..place], (byte)(at >> 8), .. bytes[(place + 1)..]];

        // Where the lengths are, most likely.
        yield return [.. bytes[..Math.Min(bytes.Length, 10)], .. noise, .. bytes[Math.Min(bytes.Length, 10)..]];
    }

    private static void AssertReadOrRejected(byte[] bytes, Action<ReadOnlyMemory<byte>> decode)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var thrown = Record.Exception(() => decode(bytes));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(thrown is null or InvalidDataException, $"{thrown}");
        Assert.InRange(allocated, 0, Most + (32L * bytes.Length));
    }
}
