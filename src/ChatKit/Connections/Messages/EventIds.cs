using System.Buffers;
using System.Text;

namespace ChatKit.Connections.Messages;

/// <summary>
/// The ids of the events of one stream: the last position in each room, as in the query of a handshake, such as
/// <c>lobby~5k2j9:42&amp;team-7~8x7w1:3</c>. A browser repeats the last id when it connects again.
/// </summary>
internal struct EventIds
{
    /// <summary>The maximum length of an id, in bytes. It comes back in a header, and servers limit those.</summary>
    private const int MaxLength = 4096;

    private byte[]? _room;
    private byte[]? _position;

    /// <summary>All rooms, the latest one last; null for a stream that is in one room, like most.</summary>
    private List<KeyValuePair<byte[], byte[]>>? _rooms;

    /// <summary>Whether the id consists of one room at most, and stays so if the position in a room is moved.</summary>
    public readonly bool IsOnly(ReadOnlySpan<byte> room) => _room is null || (_rooms is null && room.SequenceEqual(_room));

    /// <summary>Sets the position in a room.</summary>
    public void Move(byte[] room, byte[] position)
    {
        if (IsOnly(room))
        {
            (_room, _position) = (_room ?? room, position);
            return;
        }

        _rooms ??= [KeyValuePair.Create(_room!, _position!)];
        _rooms.RemoveAll(known => known.Key.AsSpan().SequenceEqual(room));
        _rooms.Add(KeyValuePair.Create(room, position));
    }

    /// <summary>
    /// Writes the line with the id. The rooms with the latest messages are in it. The messages of the others are sent again when the client
    /// resumes.
    /// </summary>
    public readonly void Write(IBufferWriter<byte> output)
    {
        output.Write("id: "u8);
        if (_rooms is null)
        {
            output.Write(Text(_room!, _position!));
        }
        else
        {
            var length = 0;
            for (var i = _rooms.Count - 1; i >= 0; i--)
            {
                var text = Text(_rooms[i].Key, _rooms[i].Value);
                if (length > 0 && length + text.Length >= MaxLength)
                    break;
                if (length > 0)
                    output.Write("&"u8);
                output.Write(text);
                length += text.Length + 1;
            }
        }

        output.Write("\n"u8);
    }

    private static byte[] Text(byte[] room, byte[] position) =>
        Encoding.ASCII.GetBytes($"{Uri.EscapeDataString(Encoding.UTF8.GetString(room))}~{Uri.EscapeDataString(Encoding.UTF8.GetString(position)).Replace("%3A", ":", StringComparison.Ordinal)}");
}
