using ChatKit.ChatKitV1;

namespace ChatKit.Rooms;

/// <summary>Enqueues the frames of stored messages for a member.</summary>
internal sealed class MemberSender(RoomState room, RoomServices services)
{
    /// <summary>Whether the member is still catching up. It may have left, and even be back as another member.</summary>
    public bool IsCatchingUp(RoomMember member)
    {
        lock (room.Gate)
            return member.State == MemberState.CatchingUp;
    }

    /// <summary>Enqueues a frame for a member that is still catching up. A member that has left receives nothing.</summary>
    public EnqueueResult TryEnqueue(RoomMember member, byte[] frame)
    {
        lock (room.Gate)
            return member.State == MemberState.CatchingUp ? member.Client.Outbound.TryEnqueue(frame) : EnqueueResult.Closed;
    }

    /// <summary>
    /// Sends the changes and messages of a page, as far as the member's queue accepts them. Returns false if the member does not go on.
    /// </summary>
    public bool SendPage(RoomMember member, RoomPage page)
    {
        using var hold = new OutboundHold(member.Client.Outbound);
        switch (SendChanges(member, page.Changes))
        {
            case EnqueueResult.Closed:
                return false;
            case EnqueueResult.Full:
                return true;
        }

        member.Revision = page.Revision;
        foreach (var item in page.Items)
        {
            var frame = FrameFor(room.Name, member.Client, item);
            if (frame.Length > 0)
            {
                switch (TryEnqueue(member, frame))
                {
                    case EnqueueResult.Closed:
                        return false;
                    case EnqueueResult.Full:
                        member.NeedsSpace = frame.Length;
                        return true;
                }
            }

            if (item.IsFor(member.Client))
                services.Metrics.Delivered(1);
            member.Cursor = item.Position;
        }

        return true;
    }

    /// <summary>Sends changes of messages that the member has, as far as its queue accepts them.</summary>
    public EnqueueResult SendChanges(RoomMember member, IReadOnlyList<RoomItem> changes)
    {
        foreach (var item in changes)
        {
            var frame = item.AsChange(null).Frame(room.Name, member.Client.Format);
            if (frame.Length > 0 && TryEnqueue(member, frame) is var result && result != EnqueueResult.Accepted)
            {
                if (result == EnqueueResult.Full)
                    member.NeedsSpace = frame.Length;
                return result;
            }

            member.Revision = item.Message!.Revision.GetValueOrDefault();
        }

        return EnqueueResult.Accepted;
    }

    /// <summary>Sends the messages that follow a position, as far as the client accepts them. Returns the last position that was sent.</summary>
    public MessagePosition Send(IRoomClient client, IEnumerable<RoomItem> messages, MessagePosition cursor)
    {
        var sent = 0;
        foreach (var item in messages)
        {
            var position = item.Position.GetValueOrDefault();
            if (!position.Follows(cursor))
                continue;
            var frame = FrameFor(room.Name, client, item);
            if (frame.Length > 0 && client.Outbound.TryEnqueue(frame) != EnqueueResult.Accepted)
                break;
            if (item.IsFor(client))
                sent++;

            cursor = position;
        }

        if (sent > 0)
            services.Metrics.Delivered(sent);
        return cursor;
    }

    /// <summary>
    /// The frame of an item for a client. If the message is not for the client, the frame contains only the position, so that the client
    /// does not detect a gap before the next message. It is empty if the client does not track positions.
    /// </summary>
    public static byte[] FrameFor(string room, IRoomClient client, RoomItem item)
    {
        if (item.IsFor(client))
            return item.Frame(room, client.Format);
        return (client.Format & WireFormat.V1) != 0 && item.Position is { } position ? V1Frames.Skip(room, position) : [];
    }
}
