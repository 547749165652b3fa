namespace ChatKit.ChatKitV1;

/// <summary>The types of frames that a transport distinguishes.</summary>
internal enum V1FrameType
{
    Other,
    Message,
    Change,
    Skip,
    Gap,
    Live,
    Ping,
    Ack,
    Error,
    History,
    Left,
}
