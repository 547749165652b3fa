using System.Text;
using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Generator.Protocols;

namespace ChatKit.LoadTest.Returning;

/// <summary>chatkit.v1 for clients that come back: they state their last position, and are open when they have caught up.</summary>
internal sealed class ReturningProtocol : ClientProtocol
{
    /// <summary>The last position of each room that the clients have. Empty for clients that have nothing.</summary>
    public Dictionary<string, string> Positions { get; } = [];

    /// <summary>How long clients took from the first packet to <c>live</c>.</summary>
    public Histogram UntilLive { get; } = new();

    /// <summary>The number of messages that arrived.</summary>
    public int Messages { get; private set; }

    public override string Subprotocol => "chatkit.v1";

    public override string PathOf(string room) =>
        base.PathOf(room) + (Positions.TryGetValue(room, out var position) ? $"?after={room}~{position}" : "");

    public override byte[] Wrap(ReadOnlySpan<byte> text) => [.. "{\"type\":\"message\",\"data\":\""u8, .. text, .. "\"}"u8];

    public override void OnConnected(Connection connection)
    {
        // The server sends first.
    }

    public override void OnMessage(Connection connection, ReadOnlySpan<byte> message, long now)
    {
        if (message.StartsWith("{\"type\":\"message\""u8))
        {
            Messages++;
            Received?.Invoke(connection, PositionIn(message), now);
        }
        else if (message.StartsWith("{\"type\":\"live\""u8))
        {
            UntilLive.Record(now - ((ReturningClient)connection).OpenedAt);
            connection.OnOpened();
        }
        else if (message.StartsWith("{\"type\":\"ping\""u8))
        {
            connection.SendMessage("{\"type\":\"pong\"}"u8);
        }
        else if (!message.StartsWith("{\"type\":\"welcome\""u8))
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
