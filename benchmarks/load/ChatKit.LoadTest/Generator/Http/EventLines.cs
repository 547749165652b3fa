namespace ChatKit.LoadTest.Generator.Http;

/// <summary>Finds the data in the lines of an event stream. Comments, ids and types do not matter here.</summary>
internal struct EventLines
{
    private ByteBuffer _incomplete;

    private static ReadOnlySpan<byte> Data => "data: "u8;

    public void Read(ReadOnlySpan<byte> part, IEventListener listener, long now)
    {
        var end = part.IndexOf((byte)'\n');
        if (_incomplete.Length > 0 && end >= 0)
        {
            _incomplete.Append(part[..end]);
            OnLine(_incomplete.Span, listener, now);
            _incomplete.Clear();
            part = part[(end + 1)..];
            end = part.IndexOf((byte)'\n');
        }

        for (; end >= 0; end = part.IndexOf((byte)'\n'))
        {
            OnLine(part[..end], listener, now);
            part = part[(end + 1)..];
        }

        _incomplete.Append(part);
    }

    private static void OnLine(ReadOnlySpan<byte> line, IEventListener listener, long now)
    {
        if (line.StartsWith(Data))
            listener.OnEvent(line[Data.Length..], now);
    }
}
