using System.Buffers;
using System.Net.WebSockets;
using ChatKit.WebSockets;

namespace ChatKit.Connections.Transport;

/// <summary>
/// Reads the frames that a client sends (RFC 6455 section 5), and assembles messages from their fragments. Holds a buffer only while a
/// message is incomplete.
/// </summary>
internal sealed class MessageReader(int maxMessageSize, bool deflate) : IDisposable
{
    private const int InitialBufferSize = 4 * 1024;

    /// <summary>
    /// Compression can make a message longer by up to this fraction: fixed codes have up to nine bits (RFC 1951 section 3.2.6).
    /// </summary>
    private const int DeflateOverhead = 8;

    /// <summary>Added for the headers of blocks.</summary>
    private const int BlockHeaders = 1024;

    private readonly long _compressedLimit = maxMessageSize + (maxMessageSize / DeflateOverhead) + BlockHeaders;

    // The current frame.
    private ClientFrameHeader _frame;
    private bool _inFrame;
    private long _read;

    // The current message.
    private WebSocketMessageType _type;
    private bool _inMessage;
    private bool _deflated;
    private byte[]? _buffer;
    private int _length;
    private int _checked;

    private int _frames;

    /// <summary>The last message. Valid until the next read, and not kept longer, because another message may never arrive.</summary>
    public WebSocketMessage Message { get; private set; }

    public byte[] Payload { get; private set; } = [];

    public WebSocketCloseStatus CloseStatus { get; private set; }

    public string? CloseReason { get; private set; }

    public ProtocolFault? Fault => Closing?.Fault;

    /// <summary>Reads the bytes after the fault.</summary>
    public CloseSearch? Closing { get; private set; }

    /// <summary>
    /// Reads the next frame, and advances the buffer. The caller repeats this until the result is <see cref="InboundFrame.Nothing"/>.
    /// </summary>
    public InboundFrame Read(ref ReadOnlySequence<byte> buffer)
    {
        Message = default;
        while (true)
        {
            if (!_inFrame)
            {
                if (!ClientFrameHeader.TryRead(ref buffer, out _frame, out var fault))
                    return fault is null ? InboundFrame.Nothing : Fail(fault);
                (_inFrame, _read) = (true, 0);
                if (_frame.IsControl || !_frame.IsFinal)
                    _frames++;
                if (!_frame.IsControl && Begin() is var begun and not InboundFrame.Nothing)
                    return begun;
            }

            var found = _frame.IsControl ? ReadControl(ref buffer) : ReadData(ref buffer);
            if (found != InboundFrame.Nothing || _inFrame)
                return found;
        }
    }

    /// <summary>Returns how many frames that neither are nor end a message have begun since the last call.</summary>
    public int TakeFrames()
    {
        var frames = _frames;
        _frames = 0;
        return frames;
    }

    public void Dispose()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
    }

    private InboundFrame Fail(ProtocolFault fault, bool isInClose = false)
    {
        Closing = new CloseSearch(fault, _inFrame ? _frame.PayloadLength - _read : 0, isInClose);
        Dispose();
        return InboundFrame.Fault;
    }

    private InboundFrame ReadControl(ref ReadOnlySequence<byte> buffer)
    {
        if (_frame.IsDeflated)
            return Fail(ProtocolFault.Breach("compressed control frame"));
        if (buffer.Length < _frame.PayloadLength)
            return InboundFrame.Nothing;

        Payload = new byte[_frame.PayloadLength];
        Take(ref buffer, Payload);
        _inFrame = false;
        return _frame.Opcode switch
        {
            WebSocketFrame.PingOpcode => InboundFrame.Ping,
            WebSocketFrame.PongOpcode => InboundFrame.Pong,
            _ => ReadClose(),
        };
    }

    private InboundFrame ReadClose()
    {
        if (WebSocketFrame.ReadClose(Payload, out var status, out var reason) is { } fault)
            return Fail(fault, isInClose: true);
        (CloseStatus, CloseReason) = (status, reason);
        return InboundFrame.Close;
    }

    /// <summary>Begins a data frame: checks what the header alone shows.</summary>
    private InboundFrame Begin()
    {
        var continues = _frame.Opcode == WebSocketFrame.ContinuationOpcode;
        if (continues != _inMessage)
            return Fail(ProtocolFault.Breach(continues ? "continuation frame without a message to continue" : "new message before the end of another"));
        if (_frame.IsDeflated && (continues || !deflate))
            return Fail(ProtocolFault.Breach("reserved bit set"));

        if (!continues)
        {
            _type = _frame.Opcode == WebSocketFrame.TextOpcode ? WebSocketMessageType.Text : WebSocketMessageType.Binary;
            (_inMessage, _deflated, _length, _checked) = (true, _frame.IsDeflated, 0, 0);
        }

        var limit = _deflated ? _compressedLimit : maxMessageSize;
        return _frame.PayloadLength <= limit - _length ? InboundFrame.Nothing : Fail(ProtocolFault.TooBig);
    }

    private InboundFrame ReadData(ref ReadOnlySequence<byte> buffer)
    {
        var count = (int)Math.Min(Math.Min(buffer.Length, _frame.PayloadLength - _read), Array.MaxLength);
        if (_frame.IsFinal && _length == 0 && count == _frame.PayloadLength && !_deflated)
        {
            // The payload is complete: it needs no buffer and no second copy. It lies in the frame that others receive if it is broadcast.
            WebSocketFrame.Create(_type, count, out var data);
            Take(ref buffer, data.Span);
            EndMessage();
            return _type == WebSocketMessageType.Text && !Utf8Check.IsValid(data.Span, isLast: true, out _) ? Fail(ProtocolFault.Utf8) : Found(data);
        }

        Reserve(count);
        Take(ref buffer, _buffer.AsSpan(_length, count));
        _length += count;
        if (!IsTextSoFar())
            return Fail(ProtocolFault.Utf8);
        if (_read < _frame.PayloadLength)
            return InboundFrame.Nothing;
        _inFrame = false;
        return _frame.IsFinal ? End() : InboundFrame.Nothing;
    }

    private InboundFrame End()
    {
        var result = _deflated ? Inflate() : Found(_buffer.AsSpan(0, _length).ToArray());
        EndMessage();
        return result;
    }

    private void EndMessage()
    {
        _inFrame = _inMessage = false;
        Dispose();
    }

    private InboundFrame Inflate()
    {
        switch (MessageDeflate.Inflate(_buffer.AsSpan(0, _length), maxMessageSize, out var data))
        {
            case InflateResult.TooBig:
                return Fail(ProtocolFault.TooBig);
            case InflateResult.Corrupt:
                return Fail(ProtocolFault.Deflate);
            default:
                var isRight = _type != WebSocketMessageType.Text || Utf8Check.IsValid(data, isLast: true, out _);
                return isRight ? Found(data!) : Fail(ProtocolFault.Utf8);
        }
    }

    private InboundFrame Found(ReadOnlyMemory<byte> data)
    {
        Message = new WebSocketMessage(data, _type);
        return InboundFrame.Message;
    }

    /// <summary>Validates the part of a text that is not validated yet. A compressed text is validated once it is inflated.</summary>
    private bool IsTextSoFar()
    {
        if (_type != WebSocketMessageType.Text || _deflated)
            return true;
        var isLast = _frame.IsFinal && _read == _frame.PayloadLength;
        if (!Utf8Check.IsValid(_buffer.AsSpan(_checked, _length - _checked), isLast, out var right))
            return false;
        _checked += right;
        return true;
    }

    /// <summary>Takes the next bytes of the frame's payload.</summary>
    private void Take(ref ReadOnlySequence<byte> buffer, Span<byte> destination)
    {
        var piece = buffer.Slice(0, destination.Length);
        piece.CopyTo(destination);
        Mask.Remove(destination, _frame.MaskKey, _read);
        _read += destination.Length;
        buffer = buffer.Slice(piece.End);
    }

    /// <summary>
    /// Makes space for this many more bytes. Does not rely on the announced length, because a client may announce much and send nothing.
    /// </summary>
    private void Reserve(int count)
    {
        var needed = _length + count;
        if (needed == 0 || _buffer?.Length >= needed)
            return;

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(InitialBufferSize, _length * 2)));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        Dispose();
        _buffer = larger;
    }
}
