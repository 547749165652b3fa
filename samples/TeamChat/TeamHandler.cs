using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TeamChat;

/// <summary>What the presence list contains besides the user's name.</summary>
/// <param name="Node">The node that the user is connected to.</param>
/// <param name="Since">When the user has connected to it.</param>
internal sealed record Member(string Node, DateTimeOffset Since);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Member))]
internal sealed partial class MemberJson : JsonSerializerContext;

/// <summary>The connection of a user, who can be in several rooms.</summary>
internal sealed class TeamHandler(NodeName node) : WebSocketHandler
{
    private string User => Connection.UserId!; // The endpoint requires authorization.

    protected override ValueTask OnOpenAsync() =>
        Connection.SetPresenceAsync(new Member(node.Value, DateTimeOffset.UtcNow), MemberJson.Default.Member);

    protected override ValueTask<bool> AuthorizeRoomAsync(string room) => ValueTask.FromResult(Accounts.MayEnter(User, room));

    protected override ValueTask OnMessageAsync(WebSocketMessage message)
    {
        RequireText(message);
        return BroadcastAsync(message.Text);
    }

    protected override async ValueTask OnEditAsync(EditRequest request)
    {
        RequireAuthor(request.Original);
        RequireText(request.Message);
        await EditAsync(request.Position, request.Message.Text, request.Room);
    }

    protected override async ValueTask OnDeleteAsync(DeleteRequest request)
    {
        RequireAuthor(request.Original);
        await DeleteAsync(request.Position, request.Room);
    }

    protected override ValueTask OnSignalAsync(RoomSignal signal) =>
        signal.Name == "typing" ? SignalAsync(signal.Name, room: signal.Room) : base.OnSignalAsync(signal);

    private static void RequireText(WebSocketMessage message)
    {
        if (message.Type != WebSocketMessageType.Text || string.IsNullOrWhiteSpace(message.Text))
            throw new MessageRefusedException("empty", "A message needs a text.");
    }

    private void RequireAuthor(ChatMessage original)
    {
        if (original.From != User)
            throw new MessageRefusedException("forbidden", "You can change only your own messages.");
    }
}
