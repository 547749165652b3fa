using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace ChatKit;

/// <summary>
/// Which names a room may have: 1 to 255 UTF-16 characters of valid Unicode, without control characters, line or paragraph separators and
/// bidi controls, so that a name can be written to a log as it is. Check a name that a client has chosen before you pass it to
/// <see cref="WebSocketHandler.JoinAsync"/>; the home room's name was checked during the handshake.
/// </summary>
public static class RoomName
{
    /// <summary>The longest name, in UTF-16 characters.</summary>
    public const int MaxLength = 255;

    /// <summary>
    /// Begins the name of the room of all connections of one user. Cannot begin the name of any other room, because a control
    /// character is not valid there, so nobody can listen in by joining a room of that name.
    /// </summary>
    private const string UserPrefix = "\u0001user:";

    internal static string OfUser(string userId) => UserPrefix + userId;

    /// <summary>Whether a room is a user's own, which no client knows of.</summary>
    internal static bool IsOfUser(string room) => room.StartsWith(UserPrefix, StringComparison.Ordinal);

    /// <summary>Whether a room may have a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="problem">What is wrong with it, to tell whoever has chosen it; null if nothing is.</param>
    public static bool IsValid([NotNullWhen(true)] string? name, [NotNullWhen(false)] out string? problem)
    {
        problem = Problem(name);
        return problem is null;
    }

    internal static void ThrowIfInvalid([NotNull] string? name, [CallerArgumentExpression(nameof(name))] string? parameter = null)
    {
        ArgumentNullException.ThrowIfNull(name, parameter);
        if (Problem(name) is { } problem)
            throw new ArgumentException(problem, parameter);
    }

    private static string? Problem(string? name)
    {
        if (string.IsNullOrEmpty(name))
            return "A room name must not be empty.";
        if (name.Length > MaxLength)
            return $"A room name has at most {MaxLength} characters; this one has {name.Length}.";

        var index = LogText.LengthAsIs(name);
        if (index == name.Length)
            return null;
        return char.IsSurrogate(name[index])
            ? $"A room name must be valid Unicode; this one has half a surrogate pair at index {index}."
            : $"A room name must not contain control characters; this one has U+{(int)name[index]:X4} at index {index}.";
    }
}
