using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace ChatKit;

/// <summary>
/// Checks room names. A valid name has 1 to 255 UTF-16 code units of valid Unicode, without control characters, line or paragraph
/// separators and bidi controls. It can be written to a log unchanged. Check a name that a client has chosen before you pass it to
/// <see cref="WebSocketHandler.JoinAsync"/>; the home room's name is checked during the handshake.
/// </summary>
public static class RoomName
{
    /// <summary>The maximum length of a name, in UTF-16 code units.</summary>
    public const int MaxLength = 255;

    /// <summary>
    /// The prefix of the room that all connections of one user are in. A valid name can't contain its control character, so no client can
    /// eavesdrop by joining a room of that name.
    /// </summary>
    private const string UserPrefix = "\u0001user:";

    /// <summary>The prefix of the room in which a node receives what other nodes send to it alone.</summary>
    private const string NodePrefix = "\u0001node:";

    internal static string OfNode(string node) => NodePrefix + node;

    internal static string OfUser(string userId) => UserPrefix + userId;

    /// <summary>Whether a room is the internal room of a user, which is hidden from clients.</summary>
    internal static bool IsOfUser(string room) => room.StartsWith(UserPrefix, StringComparison.Ordinal);

    /// <summary>Checks whether a name is valid.</summary>
    /// <param name="name">The name.</param>
    /// <param name="problem">What is wrong with the name, as a text that you can show to the user who chose it; null if the name is valid.</param>
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
            return $"A room name must have at most {MaxLength} characters; this one has {name.Length}.";

        var index = LogText.PrintableLength(name);
        if (index == name.Length)
            return null;
        return char.IsSurrogate(name[index])
            ? $"A room name must be valid Unicode; this one has an unpaired surrogate at index {index}."
            : "A room name must not contain control characters, line separators or bidi controls; "
                + $"this one has U+{(int)name[index]:X4} at index {index}.";
    }
}
