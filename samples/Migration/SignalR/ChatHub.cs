using Microsoft.AspNetCore.SignalR;

namespace TeamChat;

internal sealed class ChatHub(RoomHistory history) : Hub
{
    private string User => Context.UserIdentifier!;

    public async Task Join(string room)
    {
        if (!RoomPolicy.MayEnter(User, room))
            throw new HubException("You can't enter this room.");
        await Groups.AddToGroupAsync(Context.ConnectionId, room);
        foreach (var message in history.Read(room))
            await Clients.Caller.SendAsync("Message", room, message);
    }

    public Task Leave(string room) => Groups.RemoveFromGroupAsync(Context.ConnectionId, room);

    public async Task Send(string room, string text)
    {
        if (!RoomPolicy.MayEnter(User, room))
            throw new HubException("You can't enter this room.");
        await Clients.Group(room).SendAsync("Message", room, history.Add(room, User, text));
    }

    public async Task Typing(string room)
    {
        if (!RoomPolicy.MayEnter(User, room))
            throw new HubException("You can't enter this room.");
        await Clients.OthersInGroup(room).SendAsync("Typing", room, User);
    }
}
