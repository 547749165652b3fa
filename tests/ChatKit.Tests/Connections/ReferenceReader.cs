using System.Buffers.Binary;
using System.Text;
using ChatKit.WebSockets;

namespace ChatKit.Tests.Connections;

/// <summary>
/// Reads a client's frames as the RFC tells it, byte by byte and all at once, with no thought of speed: what a reader that is fast is
/// compared with.
/// </summary>
internal sealed class ReferenceReader(byte[] stream, int limit)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<string> _found = [];
    private readonly List<byte> _message = [];
    private int _opcode;
    private bool _deflated;
    private int _at;

    /// <summary>What is in the stream: messages, pings, pongs, and at last perhaps a close frame or the code of a fault.</summary>
    public static List<string> Read(byte[] stream, int limit)
    {
        var reader = new ReferenceReader(stream, limit);
        while (reader.ReadFrame())
        {
        }

        return reader._found;
    }

    /// <summary>Reads a frame; false if it is not whole, or the last.</summary>
    private bool ReadFrame()
    {
        if (stream.Length - _at < 2)
            return false;

        var (first, second) = (stream[_at], stream[_at + 1]);
        var (final, compressed, opcode) = ((first & 0x80) != 0, (first & 0x40) != 0, first & 0x0F);
        var isControl = opcode is 8 or 9 or 10;
        if ((first & 0x30) != 0 || (opcode > 2 && !isControl) || (second & 0x80) == 0)
            return Fail(1002);
        if (isControl && (!final || (second & 0x7F) > 125))
            return Fail(1002);

        var lengthBytes = (second & 0x7F) switch { 126 => 2, 127 => 8, _ => 0 };
        if (stream.Length - _at < 2 + lengthBytes + 4)
            return false;
        var length = Length(stream.AsSpan(_at + 2, lengthBytes), (ulong)(second & 0x7F), out var isShortest);
        if (!isShortest || length >> 63 != 0)
            return Fail(1002);

        _at += 2 + lengthBytes;
        var key = stream[_at..(_at + 4)];
        _at += 4;
        var has = (int)Math.Min(length, (ulong)(stream.Length - _at));
        byte[] payload = [.. stream[_at..(_at + has)].Select((b, i) => (byte)(b ^ key[i % 4]))];
        _at += has;
        var isWhole = (ulong)has == length;
        return isControl ? ReadControl(opcode, compressed, payload, isWhole) : ReadData(opcode, final, compressed, payload, length, isWhole);
    }

    private bool ReadControl(int opcode, bool compressed, byte[] payload, bool isWhole)
    {
        if (compressed)
            return Fail(1002);
        if (!isWhole)
            return false;
        if (opcode != 8)
            return Found($"{(opcode == 9 ? "ping" : "pong")} {Convert.ToHexString(payload)}");

        if (payload.Length == 0)
            _found.Add("close 1005");
        else if (payload.Length == 1 || !MayBeSent(BinaryPrimitives.ReadUInt16BigEndian(payload)))
            _found.Add("fault 1002");
        else if (!IsText(payload[2..], whole: true))
            _found.Add("fault 1007");
        else
            _found.Add($"close {BinaryPrimitives.ReadUInt16BigEndian(payload)}{Strict.GetString(payload[2..])}");
        return false;
    }

    private bool ReadData(int opcode, bool final, bool compressed, byte[] payload, ulong length, bool isWhole)
    {
        if ((opcode == 0) != (_opcode != 0) || (compressed && opcode == 0))
            return Fail(1002);
        if (opcode != 0)
            (_opcode, _deflated) = (opcode, compressed);

        // Compressed, a message may be longer than it is, but not by much.
        var most = _deflated ? limit + (limit / 8) + 1024 : limit;
        if (length > (ulong)(most - _message.Count))
            return Fail(1009);
        _message.AddRange(payload);
        if (_opcode == 1 && !_deflated && !IsText([.. _message], isWhole && final))
            return Fail(1007);
        return isWhole && (!final || EndMessage());
    }

    private bool EndMessage()
    {
        byte[]? data = [.. _message];
        if (_deflated && MessageDeflate.Inflate(data, limit, out data) is var inflated and not InflateResult.Ok)
            return Fail(inflated == InflateResult.TooBig ? 1009 : 1007);
        if (_opcode == 1 && !IsText(data!, whole: true))
            return Fail(1007);

        _found.Add($"{(_opcode == 1 ? "text" : "binary")} {Convert.ToHexString(data!)}");
        _message.Clear();
        _opcode = 0;
        return true;
    }

    private bool Fail(int code)
    {
        _found.Add($"fault {code}");
        return false;
    }

    private bool Found(string what)
    {
        _found.Add(what);
        return true;
    }

    private static ulong Length(ReadOnlySpan<byte> bytes, ulong small, out bool isShortest)
    {
        if (bytes.IsEmpty)
        {
            isShortest = true;
            return small;
        }

        ulong length = 0;
        foreach (var b in bytes)
            length = (length << 8) | b;
        isShortest = length > (bytes.Length == 2 ? 125u : 65_535u);
        return length;
    }

    private static bool MayBeSent(int code) => code is (>= 1000 and <= 1014 and not (1004 or 1005 or 1006)) or (>= 3000 and <= 4999);

    /// <summary>Whether bytes are UTF-8, or may be the beginning of it.</summary>
    private static bool IsText(byte[] bytes, bool whole)
    {
        try
        {
            Strict.GetDecoder().GetCharCount(bytes, 0, bytes.Length, flush: whole);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
