using System.Buffers.Binary;
using ChatKit.LoadTest.Generator.WebSockets;

namespace ChatKit.LoadTest.Generator;

/// <summary>A message as it goes over the wire. It is built once, and only its stamp is overwritten for each text.</summary>
internal sealed class StampedMessage
{
    private readonly byte[] _bytes;
    private readonly Field _timeLow;
    private readonly Field _timeHigh;
    private readonly Field _counter;

    private StampedMessage(byte[] bytes, int payload, ReadOnlySpan<byte> message, uint sender, bool masked)
    {
        _bytes = bytes;
        var stamp = message.IndexOf(Stamp.Mark);
        _timeLow = new Field(payload, stamp + Stamp.TimeOffset, masked);
        _timeHigh = new Field(payload, stamp + Stamp.TimeOffset + Stamp.FieldSize, masked);
        _counter = new Field(payload, stamp + Stamp.CounterOffset, masked);
        new Field(payload, stamp + Stamp.SenderOffset, masked).Write(_bytes, sender);
    }

    /// <summary>A masked WebSocket frame.</summary>
    /// <param name="message">The message with an empty stamp.</param>
    /// <param name="sender">The sender.</param>
    public static StampedMessage AsFrame(ReadOnlySpan<byte> message, uint sender) =>
        new(ClientFrame.Create(ClientFrame.TextOpcode, message, out var payload), payload, message, sender, masked: true);

    /// <summary>An HTTP request.</summary>
    /// <param name="head">The head of the request, including the empty line.</param>
    /// <param name="message">The message with an empty stamp, which is the body.</param>
    /// <param name="sender">The sender.</param>
    public static StampedMessage AsRequest(ReadOnlySpan<byte> head, ReadOnlySpan<byte> message, uint sender) =>
        new([.. head, .. message], head.Length, message, sender, masked: false);

    /// <summary>Returns the bytes of one text, which are valid until the next call.</summary>
    public ReadOnlySpan<byte> For(long time, uint counter)
    {
        _timeLow.Write(_bytes, (uint)time);
        _timeHigh.Write(_bytes, (uint)(time >> 32));
        _counter.Write(_bytes, counter);
        return _bytes;
    }

    private readonly struct Field(int payload, int offset, bool masked)
    {
        private readonly int _position = payload + offset;
        private readonly ulong _mask = masked ? ClientFrame.MaskAt(offset) : 0;

        public void Write(byte[] bytes, uint value) =>
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(_position), Stamp.Encode(value) ^ _mask);
    }
}
