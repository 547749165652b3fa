using System.Buffers;
using System.Net.WebSockets;
using ChatKit.WebSockets;

namespace ChatKit.Connections.Inbound;

/// <summary>
/// Takes the frames that a client sends (RFC 6455 section 5) out of what has come, and puts messages together from their fragments.
/// Holds a buffer only while a message has come in part.
/// </summary>
internal sealed class MessageReader(int maxMessageSize, bool deflate) : IDisposable
{
    private const int InitialBufferSize = 4 * 1024;

    /// <summary>Compressed, a message becomes longer by up to this part of it: fixed codes have up to nine bits (RFC 1951 section 3.2.6).</summary>
    private const int DeflateOverhead = 8;

    /// <summary>The headers of blocks come on top.</summary>
    private const int BlockHeaders = 1024;

    private readonly long _compressedLimit = maxMessageSize + (maxMessageSize / DeflateOverhead) + BlockHeaders;

    // The frame that is being read.
    private ClientFrameHeader _frame;
    private bool _inFrame;
    private long _read;

    // The message that is being read.
    private WebSocketMessageType _type;
    private bool _inMessage;
    private bool _deflated;
    private byte[]? _buffer;
    private int _length;
    private int _checked;

    private int _frames;

    /// <summary>Until the next is read. Not kept longer, because the next may never come.</summary>
    public WebSocketMessage Message { get; private set; }

    public byte[] Payload { get; private set; } = [];

    public WebSocketCloseStatus CloseStatus { get; private set; }

    public string? CloseReason { get; private set; }

    public ProtocolFault? Fault { get; private set; }

    /// <summary>What goes on behind the fault.</summary>
    public CloseSearch? Closing { get; private set; }

    /// <summary>Takes what comes next, and moves the buffer behind it. To be called until there is nothing.</summary>
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

    /// <summary>How many frames have begun that were no message, nor the end of one, since this was last asked.</summary>
    public int TakeFrames()
    {
        var frames = _frames;
        _frames = 0;
        return frames;
    }

    /// <summary>What was read as a message was none for the handler.</summary>
    public void CountFrame() => _frames++;

    public void Dispose()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
    }

    private InboundFrame Fail(ProtocolFault fault, bool isInClose = false)
    {
        Fault = fault;
        Closing = new CloseSearch(_inFrame ? _frame.PayloadLength - _read : 0, isInClose);
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

    /// <summary>Begins a frame of data: what its header alone tells.</summary>
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
            // All at once: no buffer, no second copy.
            var data = GC.AllocateUninitializedArray<byte>(count);
            Take(ref buffer, data);
            EndMessage();
            return _type == WebSocketMessageType.Text && !Utf8Check.IsValid(data, isLast: true, out _) ? Fail(ProtocolFault.Utf8) : Found(data);
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

    private InboundFrame Found(byte[] data)
    {
        Message = new WebSocketMessage(data, _type);
        return InboundFrame.Message;
    }

    /// <summary>Checks what has not been checked. A compressed text is checked once it is inflated.</summary>
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

    /// <summary>Makes room for so many more bytes. What is announced is not believed: a client may announce much and send nothing.</summary>
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
