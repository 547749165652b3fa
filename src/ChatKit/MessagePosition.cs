using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ChatKit;

/// <summary>
/// The place of a message in its room's stream, written <c>epoch:sequence</c>. Sequences of one epoch count up by one from 1;
/// a new epoch says that the stream was lost (expired, flushed) and has started again.
/// </summary>
/// <param name="Epoch">Names the stream; compared for equality only. Empty in <see cref="None"/>.</param>
/// <param name="Sequence">Counts the messages of the epoch, from 1. 0 is the position before the first message.</param>
public readonly record struct MessagePosition(string Epoch, long Sequence)
{
    // Null for the empty epoch, so that None equals the default.
    private readonly string? _epoch = NullIfEmpty(Epoch);

    /// <summary>The position of a room in which nothing has ever been stored. Also the value of <see langword="default"/>.</summary>
    public static MessagePosition None => default;

    /// <summary>Names the stream; compared for equality only. Empty in <see cref="None"/>, never null.</summary>
    public string Epoch
    {
        get => _epoch ?? "";
        init => _epoch = NullIfEmpty(value);
    }

    /// <summary>Reads what <see cref="ToString"/> has written.</summary>
    /// <param name="text">A text of the form <c>epoch:sequence</c>.</param>
    /// <exception cref="FormatException"><paramref name="text"/> is not of that form.</exception>
    public static MessagePosition Parse(string text) =>
        TryParse(text, out var position)
            ? position
            : throw new FormatException($"'{text}' is not a message position; expected 'epoch:sequence', such as '5k2j9:42'.");

    /// <summary>Reads what <see cref="ToString"/> has written, without throwing.</summary>
    /// <param name="text">A text of the form <c>epoch:sequence</c>.</param>
    /// <param name="position">The position, or <see cref="None"/> if the answer is false.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out MessagePosition position)
    {
        position = None;
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon < 0
            || text![^1] == '\0' // Which the platform reads past.
            || !long.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            || (colon == 0) != (sequence == 0))
            return false;

        position = new MessagePosition(text![..colon], sequence);
        return true;
    }

    /// <summary>The position as <c>epoch:sequence</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}:{Sequence}");

    /// <summary>Whether this is the very next position after <paramref name="previous"/> in one stream.</summary>
    internal bool Follows(MessagePosition previous) =>
        Sequence == previous.Sequence + 1 && IsOfStream(previous);

    /// <summary>Whether both are of one stream. A room that was empty belongs to whichever stream begins in it.</summary>
    internal bool IsOfStream(MessagePosition other) =>
        Epoch == other.Epoch || Sequence == 0 || other.Sequence == 0;

    /// <summary>Whether whoever has read up to <paramref name="reader"/> has read this one. Before the first there is nothing to read.</summary>
    internal bool IsAtOrBefore(MessagePosition reader) =>
        Sequence == 0 || (Sequence <= reader.Sequence && Epoch == reader.Epoch);

    private static string? NullIfEmpty(string epoch) => string.IsNullOrEmpty(epoch) ? null : epoch;
}
