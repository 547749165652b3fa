namespace ChatKit.Rooms.Events;

/// <summary>A command of the application to all connections of a user. It is announced in the user's own room.</summary>
internal abstract record UserCommand : RoomEvent
{
    private const string JoinKeyword = "join";
    private const string LeaveKeyword = "leave";
    private const string ListKeyword = "list";
    private const char Separator = '\n';

    /// <summary>The command as an announcement.</summary>
    public abstract string ToText();

    /// <summary>Reads a command. Returns null if it isn't one.</summary>
    /// <param name="keyword">The keyword of the announcement.</param>
    /// <param name="arguments">What follows the keyword.</param>
    public static UserCommand? Parse(string keyword, string? arguments) => (keyword, arguments?.Split(Separator, 3)) switch
    {
        (JoinKeyword, [var room]) when RoomName.IsValid(room, out _) => new Join(room),
        (LeaveKeyword, [var room, var entry]) => Leave.Parse(room, entry, null),
        (LeaveKeyword, [var room, var entry, var reason]) => Leave.Parse(room, entry, reason),
        (ListKeyword, [var id, var replyTo]) => new List(id, replyTo),
        _ => null,
    };

    /// <summary>Adds the connections to a room, if their handlers allow it.</summary>
    public sealed record Join(string Room) : UserCommand
    {
        public override string ToText() => $"{JoinKeyword}{Separator}{Room}";
    }

    /// <summary>Takes the connections out of a room.</summary>
    /// <param name="Room">The room's name.</param>
    /// <param name="Reason">The reason, which the client receives; null for none.</param>
    /// <param name="Entry">The position at which the command is stored; null in the store itself.</param>
    public sealed record Leave(string Room, string? Reason, MessagePosition? Entry = null) : UserCommand
    {
        public override string ToText() =>
            $"{LeaveKeyword}{Separator}{Room}{Separator}{Entry}{(Reason is null ? "" : $"{Separator}{Reason}")}";

        public static Leave? Parse(string room, string entry, string? reason)
        {
            if (!RoomName.IsValid(room, out _))
                return null;
            if (entry.Length == 0)
                return new Leave(room, reason);
            return MessagePosition.TryParse(entry, out var position) ? new Leave(room, reason, position) : null;
        }
    }

    /// <summary>Asks for the rooms that the connections are in.</summary>
    /// <param name="Id">Identifies the question.</param>
    /// <param name="ReplyTo">The room in which the answers are announced.</param>
    public sealed record List(string Id, string ReplyTo) : UserCommand
    {
        public override string ToText() => $"{ListKeyword}{Separator}{Id}{Separator}{ReplyTo}";
    }
}
