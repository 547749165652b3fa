using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ChatKit;

/// <summary>
/// The position of a message in its room's stream, written as <c>epoch:sequence</c>. The sequences of an epoch count up by one, from 1. A
/// new epoch means that the stream was lost (expired, flushed) and started again.
/// </summary>
/// <param name="Epoch">Identifies the stream; compared for equality only. Empty in <see cref="None"/>.</param>
/// <param name="Sequence">Counts the messages of the epoch, from 1. 0 is the position before the first message.</param>
public readonly record struct MessagePosition(string Epoch, long Sequence)
{
    // Null for the empty epoch, so that None equals the default.
    private readonly string? _epoch = NullIfEmpty(Epoch);

    /// <summary>The position of a room in which nothing has ever been stored. Also the value of <see langword="default"/>.</summary>
    public static MessagePosition None => default;

    /// <summary>Identifies the stream; compared for equality only. Empty in <see cref="None"/>, never null.</summary>
    public string Epoch
    {
        get => _epoch ?? "";
        init => _epoch = NullIfEmpty(value);
    }

    /// <summary>Parses the format of <see cref="ToString"/>.</summary>
    /// <param name="text">A text in the format <c>epoch:sequence</c>.</param>
    /// <exception cref="FormatException"><paramref name="text"/> doesn't have that format.</exception>
    public static MessagePosition Parse(string text) =>
        TryParse(text, out var position)
            ? position
            : throw new FormatException($"'{text}' is not a message position; expected 'epoch:sequence', such as '5k2j9:42'.");

    /// <summary>Parses the format of <see cref="ToString"/>, without throwing.</summary>
    /// <param name="text">A text in the format <c>epoch:sequence</c>.</param>
    /// <param name="position">The position, or <see cref="None"/> if the method returns false.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out MessagePosition position)
    {
        position = None;
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon < 0
            || text![^1] == '\0' // long.TryParse ignores trailing nulls.
            || !long.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            || (colon == 0) != (sequence == 0))
            return false;

        position = new MessagePosition(text![..colon], sequence);
        return true;
    }

    /// <summary>Returns the position as <c>epoch:sequence</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}:{Sequence}");

    /// <summary>Whether this position immediately follows <paramref name="previous"/> in the same stream.</summary>
    internal bool Follows(MessagePosition previous) =>
        Sequence == previous.Sequence + 1 && IsOfStream(previous);

    /// <summary>Whether both positions are in the same stream. The position of an empty room matches any stream.</summary>
    internal bool IsOfStream(MessagePosition other) =>
        Epoch == other.Epoch || Sequence == 0 || other.Sequence == 0;

    /// <summary>
    /// Whether a reader at <paramref name="reader"/> has read this position. A position before the first message always counts as read.
    /// </summary>
    internal bool IsAtOrBefore(MessagePosition reader) =>
        Sequence == 0 || (Sequence <= reader.Sequence && Epoch == reader.Epoch);

    private static string? NullIfEmpty(string epoch) => string.IsNullOrEmpty(epoch) ? null : epoch;
}
