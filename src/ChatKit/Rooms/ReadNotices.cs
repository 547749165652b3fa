using ChatKit.ChatKitV1;
using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>
/// Notifies members of read cursors. A member whose queue is full is not notified: it receives its own cursor again when it joins. Used by
/// one delivery at a time.
/// </summary>
internal sealed class ReadNotices(RoomState room)
{
    /// <summary>When as many cursors are remembered, all are forgotten.</summary>
    private const int MaxRemembered = 10_000;

    /// <summary>The last cursors. Announcements of several nodes can arrive in another order than the cursor has moved.</summary>
    private readonly Dictionary<(string Room, string User), MessagePosition> _last = [];

    /// <summary>Notifies the members, also those that are catching up.</summary>
    public void Deliver(List<ReadEvent> reads)
    {
        RoomMember[] members;
        lock (room.Gate)
            members = [.. room.Members.Where(static member => member.Client.TracksReads)];
        foreach (var read in reads.Where(IsForward).GroupBy(static read => read.Room))
        {
            byte[][] frames = [.. read.GroupBy(static one => one.User).Select(static ofUser => V1Frames.Read(ofUser.Last()))];
            var byFormat = new byte[]?[WireFormats.Count];
            foreach (var member in members)
            {
                var format = member.Client.Format;
                var due = byFormat[(int)format] ??= [.. frames.SelectMany(frame => format.Compress(frame))];
                member.Client.TryEnqueueIn(read.Key, due);
            }
        }
    }

    private bool IsForward(ReadEvent read)
    {
        var key = (read.Room, read.User);
        if (_last.TryGetValue(key, out var last) && read.Position.IsAtOrBefore(last))
            return false;
        if (_last.Count == MaxRemembered)
            _last.Clear();
        _last[key] = read.Position;
        return true;
    }
}
