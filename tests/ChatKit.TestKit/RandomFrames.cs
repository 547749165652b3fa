using System.Text;

namespace ChatKit.TestKit;

/// <summary>Random frames, and ways to cut and corrupt them. The same seed gives the same result.</summary>
public sealed class RandomFrames(int seed)
{
    private static readonly int[] Edges = [0, 1, 2, 3, 4, 7, 8, 125, 126, 127, 1000, 4095, 4096, 65_535, 65_536];
    private static readonly string[] Characters = ["a", "\0", "é", "漢", "💬", "\uFEFF", "\U0010FFFF"];

#pragma warning disable CA5394 // Seeds must be reproducible, and nothing here is a secret.
    private readonly Random _random = new(seed);

    public List<(int Opcode, byte[] Payload)> Messages(int count)
    {
        var messages = new List<(int, byte[])>();
        for (var i = 0; i < count; i++)
            messages.Add(Chance(2) ? (ClientFrame.Text, Text(Size())) : (ClientFrame.Binary, Bytes(Size())));
        return messages;
    }

    /// <summary>The messages in frames, some in fragments, with pings and pongs between them.</summary>
    public byte[] Stream(IEnumerable<(int Opcode, byte[] Payload)> messages)
    {
        var stream = new List<byte>();
        foreach (var (opcode, payload) in messages)
        {
            var next = opcode;
            var sent = 0;
            while (Chance(2))
            {
                var size = Chance(4) ? 0 : _random.Next(payload.Length - sent + 1);
                stream.AddRange(Frame(next, payload.AsSpan(sent, size), final: false));
                AddControl(stream);
                (next, sent) = (ClientFrame.Continuation, sent + size);
            }

            stream.AddRange(Frame(next, payload.AsSpan(sent), final: true));
            AddControl(stream);
        }

        return [.. stream];
    }

    /// <summary>Changes, removes, or inserts a few bytes, most of them where headers are likely.</summary>
    public byte[] Mutate(byte[] stream)
    {
        var bytes = stream.ToList();
        for (var left = _random.Next(1, 4); left > 0 && bytes.Count > 0; left--)
        {
            var at = _random.Next(Chance(2) ? bytes.Count : Math.Min(bytes.Count, 20));
            switch (_random.Next(4))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)_random.Next(256);
                    break;
                case 2:
                    bytes.RemoveAt(at);
                    break;
                default:
                    bytes.Insert(at, (byte)_random.Next(256));
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>A length that is small or at a boundary in most cases.</summary>
    public int Size() => Chance(3) ? Edges[_random.Next(Edges.Length)] : _random.Next(300);

    private byte[] Frame(int opcode, ReadOnlySpan<byte> payload, bool final) =>
        ClientFrame.Of(opcode, payload, final, (uint)_random.NextInt64(1L << 32));

    private void AddControl(List<byte> stream)
    {
        if (Chance(4))
            stream.AddRange(Frame(Chance(2) ? ClientFrame.Ping : ClientFrame.Pong, Bytes(_random.Next(126)), final: true));
    }

    private byte[] Text(int size)
    {
        var text = new StringBuilder();
        while (text.Length < size)
            text.Append(Characters[_random.Next(Characters.Length)]);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;
}
