using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ChatKit;

/// <summary>
/// How far a reader has followed a room: the last message and the last change that it has. Written as <c>epoch:sequence/revision</c>, or as
/// <c>epoch:sequence</c> if no revision is known.
/// </summary>
/// <param name="Message">The position of the last message that the reader has.</param>
/// <param name="Revision">
/// The last revision up to which the reader has all changes of the messages up to <paramref name="Message"/>; null if it knows none.
/// </param>
public readonly record struct StreamPosition(MessagePosition Message, long? Revision = null)
{
    /// <summary>The position of a reader that knows no revision.</summary>
    /// <param name="message">The position of the last message that the reader has.</param>
    public static implicit operator StreamPosition(MessagePosition message) => new(message);

    /// <summary>Parses the format of <see cref="ToString"/>, without throwing.</summary>
    /// <param name="text">A text in the format <c>epoch:sequence</c> or <c>epoch:sequence/revision</c>.</param>
    /// <param name="position">The position, or the default if the method returns false.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out StreamPosition position)
    {
        // An epoch may contain a slash, so only one after the last colon separates a revision.
        var slash = text is null ? -1 : text.IndexOf('/', text.LastIndexOf(':') + 1);
        long? revision = null;
        position = default;
        if (slash >= 0)
        {
            if (text![^1] == '\0' || !long.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var known))
                return false;
            (text, revision) = (text[..slash], known);
        }

        if (!MessagePosition.TryParse(text, out var message))
            return false;
        position = new StreamPosition(message, revision);
        return true;
    }

    /// <summary>Returns the position as <c>epoch:sequence/revision</c>, or as <c>epoch:sequence</c>.</summary>
    public override string ToString() => Revision is { } revision
        ? string.Create(CultureInfo.InvariantCulture, $"{Message}/{revision}")
        : Message.ToString();
}
