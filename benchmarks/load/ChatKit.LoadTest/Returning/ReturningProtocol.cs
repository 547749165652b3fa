using System.Text;
using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Generator.Protocols;

namespace ChatKit.LoadTest.Returning;

/// <summary>chatkit.v1 for clients that come back: they state their last position, and are open when they have caught up.</summary>
internal sealed class ReturningProtocol : V1Protocol
{
    /// <summary>The last position of each room that the clients have. Empty for clients that have nothing.</summary>
    public Dictionary<string, string> Positions { get; } = [];

    /// <summary>How long clients took from the first packet to <c>live</c>.</summary>
    public Histogram UntilLive { get; } = new();

    /// <summary>The number of messages that arrived.</summary>
    public int Messages { get; private set; }

    public override string PathOf(string room) =>
        base.PathOf(room) + (Positions.TryGetValue(room, out var position) ? $"?after={room}~{position}" : "");

    public override void OnMessage(Connection connection, ReadOnlySpan<byte> message, long now)
    {
        if (message.StartsWith(Message))
        {
            Messages++;
            Received?.Invoke(connection, PositionIn(message), now);
        }
        else if (message.StartsWith("{\"type\":\"live\""u8))
        {
            UntilLive.Record(now - ((ReturningClient)connection).OpenedAt);
            connection.OnOpened();
        }
        else if (!AnswersPing(connection, message) && !message.StartsWith(Welcome))
        {
            throw new InvalidDataException($"ChatKit says: {Encoding.UTF8.GetString(message)}");
        }
    }

    /// <summary>Called with the position of each message, and the time at which it was read.</summary>
    public Action<Connection, string, long>? Received { get; set; }

    private static string PositionIn(ReadOnlySpan<byte> message)
    {
        var rest = message[(message.IndexOf("\"position\":\""u8) + 12)..];
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)'"')]);
    }
}
