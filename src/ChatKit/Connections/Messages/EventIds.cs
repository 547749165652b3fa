using System.Buffers;
using System.Text;

namespace ChatKit.Connections.Messages;

/// <summary>
/// The ids of the events of one stream: the last position in each room, as in the query of a handshake, the latest one first, such as
/// <c>lobby~5k2j9:42&amp;team-7~8x7w1:3</c>. A browser repeats the last id when it connects again.
/// </summary>
internal struct EventIds
{
    /// <summary>The maximum length of an id, in bytes. It comes back in a header, and servers limit those.</summary>
    private const int MaxLength = 4096;

    /// <summary>What a position nearly always consists of. An epoch of the application's own history can contain anything.</summary>
    private static readonly SearchValues<byte> Plain =
        SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._:"u8);

    private byte[]? _room;
    private byte[]? _position;

    /// <summary>The texts of all rooms, the latest one last; null for a stream that is in one room, like most.</summary>
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

        _rooms ??= [KeyValuePair.Create(_room!, Text(_room!, _position!))];
        _rooms.RemoveAll(known => known.Key.AsSpan().SequenceEqual(room));
        _rooms.Add(KeyValuePair.Create(room, Text(room, position)));

        // The rooms with the latest messages are kept. Those of the others are sent again when the client resumes.
        var length = _rooms.Sum(static known => known.Value.Length + 1);
        for (; length > MaxLength && _rooms.Count > 1; _rooms.RemoveAt(0))
            length -= _rooms[0].Value.Length + 1;
    }

    /// <summary>Writes the line with the id.</summary>
    public readonly void Write(IBufferWriter<byte> output)
    {
        output.Write("id: "u8);
        if (_rooms is null)
            output.Write(Text(_room!, _position!));
        for (var i = _rooms?.Count - 1 ?? -1; i >= 0; i--)
        {
            output.Write(_rooms![i].Value);
            if (i > 0)
                output.Write("&"u8);
        }

        output.Write("\n"u8);
    }

    private static byte[] Text(ReadOnlySpan<byte> room, ReadOnlySpan<byte> position) => [.. Escape(room), (byte)'~', .. Escape(position)];

    private static ReadOnlySpan<byte> Escape(ReadOnlySpan<byte> text) =>
        text.ContainsAnyExcept(Plain) ? Encoding.ASCII.GetBytes(Uri.EscapeDataString(Encoding.UTF8.GetString(text))) : text;
}
