namespace ChatKit.Connections.Inbound;

/// <summary>What a <see cref="MessageReader"/> has found.</summary>
internal enum InboundFrame
{
    /// <summary>Nothing whole yet: more bytes are needed.</summary>
    Nothing,

    /// <summary>A message; in <see cref="MessageReader.Message"/>.</summary>
    Message,

    /// <summary>A ping; its payload is in <see cref="MessageReader.Payload"/>.</summary>
    Ping,

    /// <summary>A pong; its payload is in <see cref="MessageReader.Payload"/>.</summary>
    Pong,

    /// <summary>A close frame; in <see cref="MessageReader.CloseStatus"/> and <see cref="MessageReader.CloseReason"/>.</summary>
    Close,

    /// <summary>A breach of the protocol, or a message that is too big; in <see cref="MessageReader.Fault"/>. From then on
    /// only <see cref="MessageReader.Closing"/> reads.</summary>
    Fault,
}
