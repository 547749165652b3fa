using ChatKit.ChatKitV1;

namespace ChatKit.Rooms;

/// <summary>Puts the frames of stored messages into a member's queue.</summary>
internal sealed class MemberSender(RoomState room, RoomServices services)
{
    /// <summary>Whether the member still catches up: it may have left, and even be back as another one.</summary>
    public bool IsCatchingUp(RoomMember member)
    {
        lock (room.Gate)
            return member.State == MemberState.CatchingUp;
    }

    /// <summary>Sends the messages of a page, as far as the member's queue takes them. False if the member does not go on.</summary>
    public bool SendPage(RoomMember member, RoomPage page)
    {
        foreach (var item in page.Items)
        {
            var frame = FrameFor(room.Name, member.Client, item);
            if (frame.Length > 0)
            {
                if (!IsCatchingUp(member))
                    return false;
                switch (member.Client.Outbound.TryEnqueue(frame))
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

    /// <summary>Sends those of some messages that follow a position, as far as the client takes them. Returns how far that was.</summary>
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
    /// The frame of an item for a client. Of a message that is not for the client this is only the position, so that the next one does not look as if
    /// something were missing; or nothing, if the client does not count positions.
    /// </summary>
    public static byte[] FrameFor(string room, IRoomClient client, RoomItem item)
    {
        if (item.IsFor(client))
            return item.Frame(room, client.Format);
        return (client.Format & WireFormat.V1) != 0 && item.Position is { } position ? V1Frames.Skip(room, position) : [];
    }
}
