using ChatKit.ChatKitV1;
using Microsoft.Extensions.Logging;

namespace ChatKit.Connections;

internal static class RoomDenial
{
    /// <summary>Logs that a connection was denied access to a room that its handler wanted to join. Rethrows the exception.</summary>
    public static async ValueTask LogDenialAsync(this ValueTask joining, ILogger logger, WebSocketConnection connection, string room)
    {
        try
        {
            await joining.ConfigureAwait(false);
        }
        catch (RoomAccessDeniedException)
        {
            logger.RoomDenied(connection.Id, connection.UserId, room);
            throw;
        }
    }

    /// <summary>Logs that a connection was denied access to a room that it was to join, whichever way the handler has denied it.</summary>
    public static async ValueTask<JoinResult> LogDenialAsync(
        this ValueTask<JoinResult> joining, ILogger logger, WebSocketConnection connection, string room)
    {
        JoinResult result;
        try
        {
            result = await joining.ConfigureAwait(false);
        }
        catch (RoomAccessDeniedException)
        {
            result = JoinResult.Denied;
        }

        if (result == JoinResult.Denied)
            logger.RoomDenied(connection.Id, connection.UserId, room);
        return result;
    }
}
