namespace TeamChat;

/// <summary>Who may enter a room. A real application asks its database.</summary>
internal static class RoomPolicy
{
    public static bool MayEnter(string user, string room) => room != "staff" || user == "ann";
}
