using Xunit;

namespace ChatKit.TestKit;

/// <summary>
/// Parses compressed data (RFC 1951) to find the distances of its references. A client with a small window must not receive long
/// distances, and the platform's inflater does not detect them because it has the largest window.
/// </summary>
public sealed class DeflateDistances
{
    private const int EndOfBlock = 256;
    private const int MaxCodeLength = 15;

    private static readonly int[] LengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
    private static readonly int[] CodeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    private static readonly int[] FixedLengths =
        [.. Enumerable.Repeat(8, 144), .. Enumerable.Repeat(9, 112), .. Enumerable.Repeat(7, 24), .. Enumerable.Repeat(8, 8)];

    private readonly byte[] _data;
    private int _bit;
    private int _longest;

    private DeflateDistances(byte[] data) => _data = data;

    /// <summary>The longest distance in the payload of a message (RFC 7692 section 7.2.1); 0 if it contains no references.</summary>
    public static int Longest(ReadOnlySpan<byte> payload)
    {
        var reader = new DeflateDistances([.. payload, 0x00, 0x00, 0xFF, 0xFF, 0x01, 0x00, 0x00, 0xFF, 0xFF]);
        while (!reader.ReadBlock())
        {
        }

        return reader._longest;
    }

    /// <summary>Reads a block. Returns whether it was the last one.</summary>
    private bool ReadBlock()
    {
        var isLast = Bits(1) == 1;
        switch (Bits(2))
        {
            case 0:
                _bit = (_bit + 7) / 8 * 8;
                var length = Bits(16);
                Assert.Equal(0xFFFF, length ^ Bits(16));
                _bit += 8 * length;
                break;
            case 1:
                ReadCodes(new Code(FixedLengths), new Code([.. Enumerable.Repeat(5, 30)]));
                break;
            case 2:
                ReadDynamic();
                break;
            default:
                Assert.Fail("There is no such block.");
                break;
        }

        return isLast;
    }

    private void ReadDynamic()
    {
        var (literals, distances, codes) = (Bits(5) + 257, Bits(5) + 1, Bits(4) + 4);
        var codeLengths = new int[CodeLengthOrder.Length];
        for (var i = 0; i < codes; i++)
            codeLengths[CodeLengthOrder[i]] = Bits(3);
        var code = new Code(codeLengths);
        List<int> lengths = [];
        while (lengths.Count < literals + distances)
        {
            var symbol = Next(code);
            if (symbol < 16)
                lengths.Add(symbol);
            else if (symbol == 16)
                lengths.AddRange(Enumerable.Repeat(lengths[^1], 3 + Bits(2)));
            else
                lengths.AddRange(Enumerable.Repeat(0, symbol == 17 ? 3 + Bits(3) : 11 + Bits(7)));
        }

        ReadCodes(new Code([.. lengths.Take(literals)]), new Code([.. lengths.Skip(literals)]));
    }

    private void ReadCodes(Code literals, Code distances)
    {
        while (Next(literals) is var symbol && symbol != EndOfBlock)
        {
            if (symbol < EndOfBlock)
                continue;
            Bits(LengthBits[symbol - EndOfBlock - 1]);
            var code = Next(distances);
            var extra = Math.Max(0, (code / 2) - 1);
            var start = code < 4 ? code + 1 : ((2 + (code % 2)) << extra) + 1;
            _longest = Math.Max(_longest, start + Bits(extra));
        }
    }

    private int Bits(int count)
    {
        var value = 0;
        for (var i = 0; i < count; i++, _bit++)
            value |= ((_data[_bit / 8] >> (_bit % 8)) & 1) << i;
        return value;
    }

    private int Next(Code code)
    {
        var value = 0;
        for (var length = 1; length <= MaxCodeLength; length++)
        {
            value = (value << 1) | Bits(1);
            if (code.Symbols.TryGetValue((length, value), out var symbol))
                return symbol;
        }

        throw new InvalidDataException("There is no such code.");
    }

    /// <summary>A Huffman code (RFC 1951 section 3.2.2).</summary>
    private sealed class Code
    {
        public Code(int[] lengths)
        {
            var next = 0;
            for (var length = 1; length <= MaxCodeLength; length++, next <<= 1)
            {
                for (var symbol = 0; symbol < lengths.Length; symbol++)
                {
                    if (lengths[symbol] == length)
                        Symbols.Add((length, next++), symbol);
                }
            }
        }

        public Dictionary<(int Length, int Value), int> Symbols { get; } = [];
    }
}
