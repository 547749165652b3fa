using ChatKit.WebSockets;

namespace ChatKit.Connections.Messages;

/// <summary>Splits what an outbound queue writes into its frames.</summary>
internal static class ServerFrames
{
    /// <summary>Takes the first frame. Returns false if there is none.</summary>
    /// <param name="frames">Whole frames. Advanced to the next one.</param>
    /// <param name="opcode">The frame's opcode.</param>
    /// <param name="payload">The frame's payload.</param>
    public static bool TryTake(ref ReadOnlySpan<byte> frames, out int opcode, out ReadOnlySpan<byte> payload)
    {
        opcode = 0;
        payload = default;
        if (frames.IsEmpty)
            return false;
        opcode = WebSocketFrame.Opcode(frames);
        var length = WebSocketFrame.Length(frames, out var header);
        payload = frames[header..length];
        frames = frames[length..];
        return true;
    }
}
