using System.Net;
using System.Text;
using ChatKit.LoadTest.Generator.Protocols;

namespace ChatKit.LoadTest.Generator;

/// <summary>One client: its socket, and the data that it has read so far.</summary>
internal sealed class Connection(Fleet fleet, int index, RoomMembers room)
{
    /// <summary>A message with more frames to follow.</summary>
    private ByteBuffer _fragments;

    /// <summary>The start of an incomplete frame.</summary>
    private ByteBuffer _incomplete;

    private int _socket = -1;
    private bool _upgraded;

    public int Index => index;

    public RoomMembers Room => room;

    /// <summary>Whether it has been upgraded and the protocol's greeting is complete.</summary>
    public bool IsOpen { get; private set; }

    public bool IsConnected => _socket >= 0;

    /// <summary>Whether the probe has reached it, which proves that it is in its room.</summary>
    public bool InRoom { get; set; }

    public Sender? Sender { get; set; }

    public DeliveryCheck Check { get; set; } = new(0);

    private ClientProtocol Protocol => fleet.Protocol;

    /// <summary>Connects and requests the upgrade. Returns the socket.</summary>
    public int Connect(IPEndPoint server)
    {
        _socket = ClientSocket.Connect(server, index);
        Send(Encoding.ASCII.GetBytes(
            $"GET {Protocol.PathOf(room.Name)} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
        return _socket;
    }

    /// <summary>Writes a complete frame. Returns false if the connection has ended.</summary>
    public bool Send(ReadOnlySpan<byte> frame) => _socket >= 0 && ClientSocket.Send(_socket, frame);

    /// <summary>Reads the available data. Returns -1 if there is none, and 0 if the connection has ended.</summary>
    public int Receive(Span<byte> buffer) => ClientSocket.Receive(_socket, buffer);

    public void Opened()
    {
        IsOpen = true;
        fleet.OnOpened();
    }

    public void OnText(ReadOnlySpan<byte> text, long now) => fleet.Listener.OnText(this, text, now);

    /// <summary>Copies the start of an incomplete frame to the front. Returns its length.</summary>
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

    /// <summary>Parses the received data.</summary>
    public void Read(ReadOnlySpan<byte> data, long now)
    {
        if (!_upgraded && !TryUpgrade(ref data))
        {
            _incomplete.Append(data);
            return;
        }

        while (FrameHeader.TryRead(data, out var header) && data.Length >= header.Size + header.Length)
        {
            OnFrame(header, data.Slice(header.Size, (int)header.Length), now);
            if (!IsConnected)
                return;
            data = data[(header.Size + (int)header.Length)..];
        }

        if (!data.IsEmpty)
            _incomplete.Append(data);
    }

    /// <summary>Sends a close frame. The server answers it and ends the connection.</summary>
    public void Close() => Send(fleet.CloseFrame);

    /// <summary>Releases the socket.</summary>
    public void Drop()
    {
        if (_socket >= 0)
            _ = Native.Close(_socket);
        _socket = -1;
        (_upgraded, IsOpen, InRoom) = (false, false, false);
        _incomplete.Clear();
        _fragments.Clear();
    }

    private bool TryUpgrade(ref ReadOnlySpan<byte> data)
    {
        var end = data.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return false;
        if (!data.StartsWith("HTTP/1.1 101 "u8))
            throw new InvalidDataException($"The server does not upgrade: {Encoding.ASCII.GetString(data[..Math.Min(data.Length, 200)])}");

        data = data[(end + 4)..];
        _upgraded = true;
        Protocol.OnUpgraded(this);
        return true;
    }

    private void OnFrame(FrameHeader header, ReadOnlySpan<byte> payload, long now)
    {
        switch (header.Opcode)
        {
            case ClientFrame.PingOpcode:
                Send(ClientFrame.Create(ClientFrame.PongOpcode, payload));
                break;
            case ClientFrame.PongOpcode:
                break;
            case ClientFrame.CloseOpcode:
                fleet.OnClosed(this, payload);
                break;
            default:
                OnDataFrame(header.Fin, payload, now);
                break;
        }
    }

    private void OnDataFrame(bool last, ReadOnlySpan<byte> payload, long now)
    {
        if (last && _fragments.Length == 0)
        {
            Protocol.OnMessage(this, payload, now);
            return;
        }

        _fragments.Append(payload);
        if (!last)
            return;
        Protocol.OnMessage(this, _fragments.Span, now);
        _fragments.Clear();
    }
}
