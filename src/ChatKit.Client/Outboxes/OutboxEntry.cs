using System.Diagnostics;
using System.Text.Json;
using ChatKit.Client.Connections;
using ChatKit.Client.Protocol;

namespace ChatKit.Client.Outboxes;

/// <summary>A message, an edit, or a deletion that the server hasn't acknowledged. Under the session's lock.</summary>
internal sealed class OutboxEntry(string reference, PendingKind kind, string? room, byte[] frame)
{
    public string Ref => reference;

    public PendingKind Kind => kind;

    /// <summary>The room; null for the home room.</summary>
    public string? Room => room;

    public byte[] Frame => frame;

    /// <summary>The user to whom it belongs: empty if anonymous, and null if that isn't known yet.</summary>
    public string? User { get; set; }

    /// <summary>When it was first sent.</summary>
    public Moment? SentAt { get; set; }

    /// <summary>The connection on which it was sent and not refused.</summary>
    public Link? SentOn { get; set; }

    /// <summary>The number of frames that the client had sent on this connection before.</summary>
    public int Index { get; set; }

    /// <summary>The client has left its room.</summary>
    public bool IsLeft { get; set; }

    /// <summary>It is not in the storage yet, so that it must not be sent.</summary>
    public bool IsStoring { get; set; }

    public long AddedAt { get; init; }

    public Activity? Activity { get; init; }

    /// <summary>Its outcome. Nobody waits for that of an entry of an earlier process.</summary>
    public TaskCompletionSource<MessagePosition> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Reads an entry from the storage; null if it is not one.</summary>
    public static OutboxEntry? Restore(StoredMessage stored, TimeProvider time)
    {
        try
        {
            var frame = stored.Frame.ToArray();
            var message = JsonSerializer.Deserialize(frame, FrameContext.Default.ServerFrame);
            if (message is not { Type: { } type, Ref: { } reference })
                return null;
            return new OutboxEntry(reference, ToKind(type), message.Room, frame)
            {
                User = stored.User,
                SentAt = stored.SentAt is { } sentAt ? Moment.At(sentAt, time) : null,
                AddedAt = time.GetTimestamp(),
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static PendingKind ToKind(string type) => type switch
    {
        "edit" => PendingKind.Edit,
        "delete" => PendingKind.Delete,
        _ => PendingKind.Message,
    };

    public PendingMessage Describe(string? home)
    {
        var message = JsonSerializer.Deserialize(frame, FrameContext.Default.ServerFrame)!;
        return new PendingMessage
        {
            Ref = reference,
            Kind = kind,
            Room = room ?? home,
            Position = MessagePosition.TryParse(message.Position, out var position) ? position : null,
            Text = message.Data,
            Bytes = message.Bytes,
            Json = message.JsonOrNull,
        };
    }
}
