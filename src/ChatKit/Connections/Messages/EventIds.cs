using System.Buffers;
using System.Text;

namespace ChatKit.Connections.Messages;

/// <summary>
/// The ids of the events of one stream: the last position in each room, as in the query of a handshake, such as
/// <c>lobby~5k2j9:42&amp;team-7~8x7w1:3</c>. A browser repeats the last id when it connects again.
/// </summary>
internal sealed class EventIds
{
    /// <summary>The maximum length of an id, in bytes. It comes back in a header, and servers limit those.</summary>
    private const int MaxLength = 4096;

    /// <summary>What a position nearly always consists of. An epoch of the application's own history can contain anything.</summary>
    private static readonly SearchValues<byte> Plain =
        SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._:"u8);

    /// <summary>The rooms, the latest one last.</summary>
    private readonly List<RoomId> _rooms = new(1);

    private int _length;

    /// <summary>Sets the position in a room, and writes the line with the id.</summary>
    /// <param name="output">Receives the line.</param>
    /// <param name="room">The room's name, in UTF-8.</param>
    /// <param name="position">The position, in UTF-8.</param>
    public void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> room, ReadOnlySpan<byte> position)
    {
        Move(room, position);
        output.Write("id: "u8);
        for (var i = 0; i < _rooms.Count; i++)
        {
            if (i > 0)
                output.Write("&"u8);
            output.Write(_rooms[i].Encoded);
            output.Write(_rooms[i].Position);
        }

        output.Write("\n"u8);
    }

    private void Move(ReadOnlySpan<byte> room, ReadOnlySpan<byte> position)
    {
        var index = _rooms.Count - 1;
        while (index >= 0 && !room.SequenceEqual(_rooms[index].Name))
            index--;
        var found = index >= 0 ? _rooms[index] : new RoomId(room);
        _length -= index >= 0 ? found.Length : 0;
        found.Set(position);
        _length += found.Length;
        if (index >= 0 && index == _rooms.Count - 1)
            return;

        // The rooms with the latest messages are kept. Those of the others are sent again when the client resumes.
        if (index >= 0)
            _rooms.RemoveAt(index);
        _rooms.Add(found);
        while (_length > MaxLength && _rooms.Count > 1)
        {
            _length -= _rooms[0].Length;
            _rooms.RemoveAt(0);
        }
    }

    private sealed class RoomId(ReadOnlySpan<byte> name)
    {
        private byte[] _position = [];
        private int _positionLength;

        public byte[] Name { get; } = name.ToArray();

        /// <summary>The name as in a query, and a tilde.</summary>
        public byte[] Encoded { get; } = Encoding.ASCII.GetBytes(Uri.EscapeDataString(Encoding.UTF8.GetString(name)) + "~");

        public ReadOnlySpan<byte> Position => _position.AsSpan(0, _positionLength);

        /// <summary>Including the character that separates it from the next.</summary>
        public int Length => Encoded.Length + _positionLength + 1;

        public void Set(ReadOnlySpan<byte> position)
        {
            if (position.ContainsAnyExcept(Plain))
                position = Encoding.ASCII.GetBytes(Uri.EscapeDataString(Encoding.UTF8.GetString(position)));
            if (_position.Length < position.Length)
                _position = new byte[position.Length + 4];
            position.CopyTo(_position);
            _positionLength = position.Length;
        }
    }
}
