using System.Buffers.Text;
using System.Text;

namespace ChatKit.LoadTest.Generator.Http;

/// <summary>Parses the HTTP/1.1 responses of a connection, whose bodies have a length or are chunked.</summary>
internal sealed class ResponseReader(IResponseListener listener)
{
    private const int StatusOffset = 9;

    private Part _part;

    /// <summary>The rest of the body, if it has a length.</summary>
    private long _rest;

    private enum Part
    {
        Head,
        Body,
        Chunk,
    }

    private static ReadOnlySpan<byte> LineEnd => "\r\n"u8;

    /// <summary>Parses data. Returns its incomplete rest.</summary>
    public ReadOnlySpan<byte> Read(ReadOnlySpan<byte> data, long now)
    {
        while (!data.IsEmpty && TryReadPart(ref data, now))
        {
        }

        return data;
    }

    private bool TryReadPart(ref ReadOnlySpan<byte> data, long now) => _part switch
    {
        Part.Head => TryReadHead(ref data, now),
        Part.Body => TryReadBody(ref data, now),
        _ => TryReadChunk(ref data, now),
    };

    private bool TryReadHead(ref ReadOnlySpan<byte> data, long now)
    {
        var end = data.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return false;

        var head = data[..(end + LineEnd.Length)];
        data = data[(end + (2 * LineEnd.Length))..];
        if (!head.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(head[StatusOffset..], out int status, out _))
            throw new InvalidDataException($"The server does not answer with HTTP: {Encoding.UTF8.GetString(head)}");

        var isChunked = TryFind(head, "\r\nTransfer-Encoding: chunked"u8, out _);
        _part = isChunked ? Part.Chunk : Part.Body;
        _rest = TryFind(head, "\r\nContent-Length: "u8, out var length) && Utf8Parser.TryParse(length, out long value, out _) ? value : 0;
        listener.OnHead(status);
        if (!isChunked && _rest == 0)
            End(now);
        return true;
    }

    private bool TryReadBody(ref ReadOnlySpan<byte> data, long now)
    {
        var part = data[..(int)Math.Min(_rest, data.Length)];
        data = data[part.Length..];
        _rest -= part.Length;
        listener.OnBody(part, now);
        if (_rest == 0)
            End(now);
        return true;
    }

    /// <summary>Reads a whole chunk, so that what the server writes at once arrives at once.</summary>
    private bool TryReadChunk(ref ReadOnlySpan<byte> data, long now)
    {
        var start = data.IndexOf(LineEnd) + LineEnd.Length;
        if (start < LineEnd.Length)
            return false;
        if (!Utf8Parser.TryParse(data, out int length, out _, 'x'))
            throw new InvalidDataException("A chunk has no length.");
        if (data.Length < start + length + LineEnd.Length)
            return false;

        var chunk = data.Slice(start, length);
        data = data[(start + length + LineEnd.Length)..];
        if (length > 0)
            listener.OnBody(chunk, now);
        else
            End(now);
        return true;
    }

    private void End(long now)
    {
        _part = Part.Head;
        listener.OnEnd(now);
    }

    /// <summary>Finds a header as Kestrel writes it.</summary>
    private static bool TryFind(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var index = head.IndexOf(name);
        value = index < 0 ? default : head[(index + name.Length)..];
        return index >= 0;
    }
}
