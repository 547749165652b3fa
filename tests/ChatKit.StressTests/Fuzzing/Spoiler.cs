using System.Buffers.Binary;

namespace ChatKit.StressTests.Fuzzing;

/// <summary>Corrupts bytes, in the same way for the same random numbers.</summary>
internal sealed class Spoiler(Random random, RandomFrames frames)
{
    private const int MaxChanges = 3;

    public byte[] Spoil(byte[] bytes)
    {
        for (var left = random.Next(1, MaxChanges + 1); left > 0 && bytes.Length > 0; left--)
            bytes = SpoilOnce(bytes);
        return bytes;
    }

    private byte[] SpoilOnce(byte[] bytes)
    {
        var (start, end) = Piece(bytes.Length);
        switch (random.Next(6))
        {
            case 0:
                return bytes[..start];
            case 1:
                return [.. bytes[..end], .. bytes[start..]];
            case 2:
                return [.. bytes[end..], .. bytes[start..end], .. bytes[..start]];
            case 3:
                return [.. bytes[..start], .. bytes[end..]];
            case 4:
                return WithLength(bytes, start);
            default:
                return frames.Mutate(bytes);
        }
    }

    /// <summary>Inserts a frame header with a wrong length.</summary>
    private byte[] WithLength(byte[] bytes, int at)
    {
        var length = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(length, (ulong)random.NextInt64() >> random.Next(64));
        byte[] header = [(byte)(0x80 | random.Next(16)), (byte)(0x80 | (random.Next(2) == 0 ? 126 : 127)), .. length];
        return [.. bytes[..at], .. header, .. bytes[at..]];
    }

    private (int Start, int End) Piece(int length)
    {
        var (one, other) = (random.Next(length), random.Next(length));
        return (Math.Min(one, other), Math.Max(one, other));
    }
}
