using System.Net.WebSockets;
using System.Text;

namespace ChatKit.WebSockets;

/// <summary>Validates the arguments of a close frame.</summary>
internal static class CloseArguments
{
    public static void ThrowIfInvalid(WebSocketCloseStatus status, string? reason)
    {
        if (!WebSocketFrame.MaySend(status))
        {
            throw new ArgumentOutOfRangeException(
                nameof(status), (int)status, "A close code must be 1000 to 1003, 1007 to 1014, or 3000 to 4999 (RFC 6455 section 7.4).");
        }

        ThrowIfReasonTooLong(reason);
    }

    public static void ThrowIfReasonTooLong(string? reason)
    {
        if (reason is not null && Encoding.UTF8.GetByteCount(reason) > WebSocketFrame.MaxReasonBytes)
        {
            throw new ArgumentException(
                $"A reason must have at most {WebSocketFrame.MaxReasonBytes} bytes of UTF-8 (RFC 6455 section 5.5).", nameof(reason));
        }
    }
}
