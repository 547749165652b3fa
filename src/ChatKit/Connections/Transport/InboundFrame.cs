namespace ChatKit.Connections.Transport;

/// <summary>The result of <see cref="MessageReader.Read"/>.</summary>
internal enum InboundFrame
{
    /// <summary>No complete frame yet: more bytes are needed.</summary>
    Nothing,

    /// <summary>A message. It is in <see cref="MessageReader.Message"/>.</summary>
    Message,

    /// <summary>A ping. Its payload is in <see cref="MessageReader.Payload"/>.</summary>
    Ping,

    /// <summary>A pong. Its payload is in <see cref="MessageReader.Payload"/>.</summary>
    Pong,

    /// <summary>A close frame. It is in <see cref="MessageReader.CloseStatus"/> and <see cref="MessageReader.CloseReason"/>.</summary>
    Close,

    /// <summary>
    /// A protocol error, or a message that is too big. It is in <see cref="MessageReader.Fault"/>. From then on only
    /// <see cref="MessageReader.Closing"/> reads.
    /// </summary>
    Fault,
}
