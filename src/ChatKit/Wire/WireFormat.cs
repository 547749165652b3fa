namespace ChatKit.Wire;

/// <summary>How a client is sent messages. The values count up from zero: they are used as indexes.</summary>
[Flags]
internal enum WireFormat
{
    /// <summary>A text is a text.</summary>
    Plain = 0,

    /// <summary>The client has agreed to compressed frames.</summary>
    Compressed = 1,

    /// <summary>The client speaks <see cref="ChatKitSubprotocol.V1"/>.</summary>
    V1 = 2,
}
