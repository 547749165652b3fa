namespace ChatKit.LoadTest.Generator;

/// <summary>A socket that the fleet serves, and the start of data that isn't complete.</summary>
internal abstract class PolledSocket(Fleet fleet)
{
    private ByteBuffer _incomplete;
    private int _socket = -1;

    public bool IsConnected => _socket >= 0;

    protected Fleet Fleet => fleet;

    /// <summary>Parses the received data.</summary>
    public abstract void Read(ReadOnlySpan<byte> data, long now);

    /// <summary>The server has ended the connection.</summary>
    public abstract void OnEnded(string why);

    /// <summary>Reads the available data. Returns -1 if there is none, and 0 if the connection has ended.</summary>
    public int Receive(Span<byte> buffer)
    {
        var count = ClientSocket.Receive(_socket, buffer);
        fleet.Bytes += Math.Max(count, 0);
        return count;
    }

    /// <summary>Copies the start of incomplete data to the front. Returns its length.</summary>
    public int TakeIncomplete(Span<byte> buffer)
    {
        var length = _incomplete.Length;
        if (length > 0)
        {
            _incomplete.Span.CopyTo(buffer);
            _incomplete.Clear();
        }

        return length;
    }

    /// <summary>Releases the socket.</summary>
    public virtual void Drop()
    {
        if (IsConnected)
            _ = Native.Close(_socket);
        _socket = -1;
        _incomplete.Clear();
    }

    protected void Connect() => _socket = fleet.Connect(this);

    /// <summary>Writes bytes. Returns false if the connection has ended.</summary>
    protected bool Write(ReadOnlySpan<byte> bytes)
    {
        fleet.Bytes += bytes.Length;
        return IsConnected && ClientSocket.Send(_socket, bytes);
    }

    /// <summary>Keeps the start of incomplete data until more arrives.</summary>
    protected void Keep(ReadOnlySpan<byte> data)
    {
        if (IsConnected && !data.IsEmpty)
            _incomplete.Append(data);
    }
}
