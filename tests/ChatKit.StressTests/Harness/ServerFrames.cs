using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace ChatKit.StressTests.Harness;

/// <summary>Checks the frames of a server, and extracts the short texts and the close code.</summary>
internal sealed class ServerFrames
{
    /// <summary>The longest payload that is read, which is the longest without an extended length.</summary>
    private const int Short = 125;

    /// <summary>The received bytes of the header, and of the payload if it is short.</summary>
    private readonly List<byte> _frame = [];

    private ulong _skip;

    /// <summary>Receives each short text.</summary>
    public Action<string>? OnText { get; set; }

    /// <summary>Receives the payload of each ping.</summary>
    public Action<byte[]>? OnPing { get; set; }

    /// <summary>The code of the close frame; 1005 if it has none, null if there was no close frame.</summary>
    public int? CloseCode { get; private set; }

    /// <summary>The first problem; null if there is none.</summary>
    public string? Problem { get; private set; }

    public void Take(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && Problem is null)
        {
            if (_skip > 0)
            {
                var count = (int)Math.Min(_skip, (ulong)bytes.Length);
                _skip -= (ulong)count;
                bytes = bytes[count..];
                continue;
            }

            _frame.Add(bytes[0]);
            bytes = bytes[1..];
            if (_frame.Count >= 2)
                Look(CollectionsMarshal.AsSpan(_frame));
        }
    }

    private void Look(ReadOnlySpan<byte> frame)
    {
        var (opcode, length) = (frame[0] & 0x0F, frame[1] & 0x7F);
        if (CloseCode is not null)
            Problem = "something follows the close frame";
        else if ((frame[0] & 0xB0) != 0x80 || (frame[1] & 0x80) != 0 || opcode is not (1 or 2 or 8 or 9 or 10))
            Problem = $"no frame of a server begins with {frame[0]:x2} {frame[1]:x2}";
        else if (length <= Short && frame.Length == 2 + length)
            TakeShort(opcode, frame[2..]);
        else if (length > Short && frame.Length == ServerFrame.HeaderSize(frame))
            Skip(ServerFrame.PayloadLength(frame));
    }

    private void TakeShort(int opcode, ReadOnlySpan<byte> payload)
    {
        if (opcode == ClientFrame.Close)
            CloseCode = payload.Length < sizeof(ushort) ? 1005 : BinaryPrimitives.ReadUInt16BigEndian(payload);
        else if (opcode == ClientFrame.Text)
            OnText?.Invoke(Encoding.UTF8.GetString(payload));
        else if (opcode == ClientFrame.Ping)
            OnPing?.Invoke(payload.ToArray());
        _frame.Clear();
    }

    private void Skip(ulong length)
    {
        _skip = length;
        _frame.Clear();
    }
}
