using System.Text;
using ChatKit.LoadTest.Generator.Protocols;

namespace ChatKit.LoadTest.Generator.WebSockets;

/// <summary>A client that uses a WebSocket.</summary>
internal class WebSocketClient(Fleet fleet, RoomMembers room, ClientProtocol protocol) : Connection(fleet, room, protocol)
{
    /// <summary>The code 1000.</summary>
    private static readonly byte[] CloseFrame = ClientFrame.Create(ClientFrame.CloseOpcode, [0x03, 0xE8]);

    /// <summary>A message with more frames to follow.</summary>
    private ByteBuffer _fragments;

    private bool _upgraded;

    public override void Open()
    {
        Connect();
        var subprotocol = Protocol.Subprotocol is { } name ? $"Sec-WebSocket-Protocol: {name}\r\n" : "";
        Write(Encoding.ASCII.GetBytes(
            $"GET {Protocol.PathOf(Room.Name)} HTTP/1.1\r\nHost: {Fleet.Server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{subprotocol}\r\n"));
    }

    public override bool Send(ReadOnlySpan<byte> prepared) => Write(prepared);

    public override void SendMessage(ReadOnlySpan<byte> message) => Write(ClientFrame.Create(ClientFrame.TextOpcode, message));

    public override void Read(ReadOnlySpan<byte> data, long now)
    {
        if (!_upgraded && !TryUpgrade(ref data))
        {
            Keep(data);
            return;
        }

        while (FrameHeader.TryRead(data, out var header) && data.Length >= header.Size + header.Length)
        {
            OnFrame(header, data.Slice(header.Size, (int)header.Length), now);
            if (!IsConnected)
                return;
            data = data[(header.Size + (int)header.Length)..];
        }

        Keep(data);
    }

    /// <summary>Sends a close frame. The server answers it and ends the connection.</summary>
    public override void Close() => Write(CloseFrame);

    public override void Drop()
    {
        base.Drop();
        _upgraded = false;
        _fragments.Clear();
    }

    protected override StampedMessage Prepare(ReadOnlySpan<byte> message, uint sender) => StampedMessage.AsFrame(message, sender);

    private bool TryUpgrade(ref ReadOnlySpan<byte> data)
    {
        var end = data.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return false;
        if (!data.StartsWith("HTTP/1.1 101 "u8))
            throw new InvalidDataException($"The server does not upgrade: {Encoding.ASCII.GetString(data[..Math.Min(data.Length, 200)])}");

        data = data[(end + 4)..];
        _upgraded = true;
        Protocol.OnConnected(this);
        return true;
    }

    private void OnFrame(FrameHeader header, ReadOnlySpan<byte> payload, long now)
    {
        switch (header.Opcode)
        {
            case ClientFrame.PingOpcode:
                Write(ClientFrame.Create(ClientFrame.PongOpcode, payload));
                break;
            case ClientFrame.PongOpcode:
                break;
            case ClientFrame.CloseOpcode:
                OnEnded(payload.Length >= 2 ? $"{(payload[0] << 8) | payload[1]} {Encoding.UTF8.GetString(payload[2..])}" : "no code");
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
