using System.Diagnostics;

namespace ChatKit.LoadTest.Generator;

/// <summary>A member that sends. Its messages are numbered from 1.</summary>
internal sealed class Sender(Connection connection, int id, int size, bool eager)
{
    private StampedMessage? _message;

    public int Id => id;

    /// <summary>Whether it sends its next message when it receives its last one.</summary>
    public bool IsEager => eager;

    /// <summary>The number of messages that it has sent, which is the counter of the last one.</summary>
    public uint Sent { get; private set; }

    /// <summary>Sends the next message, stamped with the time when it was due.</summary>
    public void Send(long due)
    {
        // Only an open connection knows what its requests look like.
        _message ??= connection.Prepare(size, (uint)id);
        if (connection.Send(_message.For(due, Sent + 1)))
            Sent++;
    }

    public void Send() => Send(Stopwatch.GetTimestamp());
}
