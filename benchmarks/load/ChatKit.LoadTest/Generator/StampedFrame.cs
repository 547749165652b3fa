using System.Buffers.Binary;

namespace ChatKit.LoadTest.Generator;

/// <summary>A masked frame that is built once. Only its stamp is overwritten for each message.</summary>
internal sealed class StampedFrame
{
    private readonly byte[] _frame;
    private readonly Field _timeLow;
    private readonly Field _timeHigh;
    private readonly Field _counter;

    /// <param name="message">The message with an empty stamp.</param>
    /// <param name="sender">The sender.</param>
    public StampedFrame(ReadOnlySpan<byte> message, uint sender)
    {
        _frame = ClientFrame.Create(ClientFrame.TextOpcode, message, out var payload);
        var stamp = message.IndexOf(Stamp.Mark);
        _timeLow = new Field(payload, stamp + Stamp.TimeOffset);
        _timeHigh = new Field(payload, stamp + Stamp.TimeOffset + Stamp.FieldSize);
        _counter = new Field(payload, stamp + Stamp.CounterOffset);
        new Field(payload, stamp + Stamp.SenderOffset).Write(_frame, sender);
    }

    /// <summary>Returns the frame of one message, which is valid until the next call.</summary>
    public ReadOnlySpan<byte> For(long time, uint counter)
    {
        _timeLow.Write(_frame, (uint)time);
        _timeHigh.Write(_frame, (uint)(time >> 32));
        _counter.Write(_frame, counter);
        return _frame;
    }

    private readonly struct Field(int payload, int offset)
    {
        private readonly int _position = payload + offset;
        private readonly ulong _mask = ClientFrame.MaskAt(offset);

        public void Write(byte[] frame, uint value) =>
            BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(_position), Stamp.Encode(value) ^ _mask);
    }
}
