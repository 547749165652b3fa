using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>Carries out the commands that are announced in the room of a user.</summary>
internal static class UserCommands
{
    /// <param name="command">The command.</param>
    /// <param name="members">The user's connections on this node.</param>
    /// <param name="services">The services that all rooms share.</param>
    public static void Execute(UserCommand command, IReadOnlyCollection<RoomMember> members, RoomServices services)
    {
        switch (command)
        {
            case UserCommand.Join join:
                foreach (var member in members)
                    member.Client.JoinByServer(join.Room);
                break;
            case UserCommand.Leave leave:
                if (leave.Entry is { } entry)
                    services.Disconnects.Announced(entry);
                foreach (var member in members)
                    member.Client.LeaveByServer(leave, DateTimeOffset.MaxValue);
                break;
            case UserCommand.List list:
                _ = AnswerAsync(list, members, services);
                break;
        }
    }

    private static async Task AnswerAsync(UserCommand.List list, IReadOnlyCollection<RoomMember> members, RoomServices services)
    {
        try
        {
            var rooms = members.SelectMany(static member => member.Client.RoomNames).ToHashSet();
            foreach (var part in RoomsAnswer.Encode(list.Id, rooms))
                await services.Backplane.AnnounceAsync(list.ReplyTo, part).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            services.Logger.RoomsNotAnswered(e);
        }
    }
}
