using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ChatKit.Client;

/// <summary>The position of a message in its room. Treat it as opaque: store it, and pass it back.</summary>
public readonly record struct MessagePosition
{
    private const string NoneText = ":0";

    // Null for None, so that it equals the default.
    private readonly string? _text;
    private readonly long _sequence;

    private MessagePosition(string text, long sequence) => (_text, _sequence) = (text == NoneText ? null : text, sequence);

    /// <summary>The position of a room that has never had a message. Also the value of <see langword="default"/>.</summary>
    public static MessagePosition None => default;

    /// <summary>Counts the messages of the stream, from 1.</summary>
    internal long Sequence => _sequence;

    /// <summary>Identifies the stream; empty in <see cref="None"/>.</summary>
    internal ReadOnlySpan<char> Epoch => _text is null ? [] : _text.AsSpan(0, _text.LastIndexOf(':'));

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
            || (colon == 0 && sequence != 0))
            return false;
        position = new MessagePosition(text, sequence);
        return true;
    }

    /// <summary>Compares two positions of one room.</summary>
    /// <param name="other">The other position.</param>
    /// <param name="result">Less than 0 if this position is earlier, 0 if they are equal, and greater than 0 if it is later.</param>
    /// <returns>False if they can't be compared, because the room's messages were lost in between.</returns>
    public bool TryCompareTo(MessagePosition other, out int result)
    {
        result = _sequence.CompareTo(other._sequence);
        return IsOfSameEpoch(other);
    }

    /// <summary>Returns the position as <c>epoch:sequence</c>.</summary>
    public override string ToString() => _text ?? NoneText;

    internal bool IsOfSameEpoch(MessagePosition other) => Epoch.SequenceEqual(other.Epoch);

    /// <summary>Whether a reader at another position has not reached this one. Positions of different epochs count as new.</summary>
    internal bool IsAfter(MessagePosition? other) =>
        other is not { } reached || !IsOfSameEpoch(reached) || _sequence > reached._sequence;

    /// <summary>The position some messages earlier in the same epoch, also before the first.</summary>
    internal MessagePosition Back(long count) => WithSequence(_sequence - count);

    /// <summary>The position with the same epoch and another sequence.</summary>
    internal MessagePosition WithSequence(long sequence) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{Epoch}:{sequence}"), sequence);
}
