namespace Dashboard;

/// <summary>A page that watches the readings. It may not write.</summary>
internal sealed class Viewer : WebSocketHandler
{
    protected override ValueTask OnMessageAsync(WebSocketMessage message) =>
        throw new MessageRefusedException("read_only", "This room is read-only.");
}
