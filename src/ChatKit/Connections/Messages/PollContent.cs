using System.Buffers;
using System.Text;
using System.Text.Json;
using ChatKit.ChatKitV1;

namespace ChatKit.Connections.Messages;

/// <summary>What a poll has collected, and the client's position after it.</summary>
/// <param name="room">The home room.</param>
/// <param name="after">The client's position in the home room before the poll; null if it has none.</param>
/// <param name="request">What the client asks for.</param>
internal sealed class PollContent(string room, StreamPosition? after, PollRequest request)
{
    private readonly List<byte[]> _frames = [];

    /// <summary>
    /// The gaps after which nothing has come yet. Until then, the client's position is before them: the next poll reports them again, if they
    /// are still there, and another node may still have what is missing.
    /// </summary>
    private readonly List<(byte[] Room, byte[] Gap)> _gaps = [];

    private byte[]? _gap;
    private string? _position = after?.Message.ToString();
    private long? _revision = after?.Revision;
    private int _messages;
    private bool _hasMore;

    /// <summary>Whether anything was collected that the client waits for.</summary>
    public bool HasNews { get; private set; }

    /// <summary>Whether anything was collected that does not change <see cref="Tag"/>, such as a message for the user only.</summary>
    public bool HasUntagged { get; private set; }

    /// <summary>The number of bytes that were collected.</summary>
    public long Size { get; private set; }

    /// <summary>The state of the home room; null if it is not known.</summary>
    public string? Tag => _position is null || _revision is null ? _position : $"{_position}/{_revision}";

    /// <summary>Adds a frame. Returns false, without adding it, if there is space for no more.</summary>
    /// <param name="head">The frame's head.</param>
    /// <param name="json">The frame.</param>
    /// <param name="isHome">Whether the frame belongs to the home room.</param>
    public bool TryAdd(in V1FrameHead head, ReadOnlySpan<byte> json, bool isHome)
    {
        if (!request.AsFrames && !isHome && !head.Room.IsEmpty)
            return true; // The handler has joined another room, in which the client has no position.
        if (isHome && head.Type == V1FrameType.Message && !head.Position.IsEmpty && ++_messages > request.Limit)
        {
            Omit(head, isHome);
            return false;
        }

        Size += json.Length;
        if (head.Type == V1FrameType.Gap)
        {
            _gaps.Add((head.Room.ToArray(), json.ToArray()));
            return true;
        }

        if (head.MovesPosition)
            TakeGaps(head.Room, isHome);
        if (isHome)
            Follow(head);
        var isNews = head.Type is V1FrameType.Message or V1FrameType.Change or V1FrameType.Left;
        HasNews |= isNews;
        HasUntagged |= isNews && (!isHome || head.Type == V1FrameType.Left);
        if (request.AsFrames || (isNews && head.Type != V1FrameType.Left))
            _frames.Add(json.ToArray());
        return true;
    }

    /// <summary>Adds the gaps of a room, before what the client receives after them.</summary>
    private void TakeGaps(ReadOnlySpan<byte> name, bool isHome)
    {
        for (var i = 0; i < _gaps.Count; i++)
        {
            var (gapRoom, gap) = _gaps[i];
            if (!name.SequenceEqual(gapRoom))
                continue;
            _gaps.RemoveAt(i--);
            HasNews = true;
            HasUntagged |= !isHome;
            _revision = isHome ? null : _revision;
            if (request.AsFrames)
                _frames.Add(gap);
            else
                _gap = gap;
        }
    }

    /// <summary>Notes that a frame is left for the next poll.</summary>
    public void Omit(in V1FrameHead head, bool isHome) =>
        _hasMore |= isHome && head.Type is V1FrameType.Message or V1FrameType.Change && !head.Position.IsEmpty;

    public byte[] ToJson()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            if (!request.AsFrames)
            {
                json.WriteString("room", room);
                V1Content.WriteIfAny(json, "position", Tag);
            }

            json.WriteStartArray(request.AsFrames ? "frames" : "messages");
            _frames.ForEach(frame => json.WriteRawValue(frame, skipInputValidation: true));
            json.WriteEndArray();
            if (_gap is not null)
            {
                json.WritePropertyName("gap");
                json.WriteRawValue(_gap, skipInputValidation: true);
            }

            if (_hasMore)
                json.WriteBoolean("more", true);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>
    /// Follows the client's position. Until the client has caught up, its revision is the last one that it has seen: it may receive a change
    /// again, and misses none.
    /// </summary>
    private void Follow(in V1FrameHead head)
    {
        if (head.MovesPosition)
            _position = Encoding.UTF8.GetString(head.Position);
        if (head.Type == V1FrameType.Change)
            _revision = head.Revision;
        else if (head.Type == V1FrameType.Live)
            _revision = head.Revision > 0 ? head.Revision : null;
    }
}
