using System.Collections.Concurrent;
using ChatKit.TestKit.Client;

namespace ChatKit.TestKit.Verification;

/// <summary>The edits and deletions that a bot has sent. Call its members one after the other.</summary>
internal sealed class BotChanges
{
    /// <summary>The number in place of that of an edit.</summary>
    private const int Deletion = int.MaxValue;

    private readonly ConcurrentQueue<(MessagePosition Position, int Number, Task<Ack> Acking)> _sent = new();
    private int _edits;

    /// <summary>The refusals that no change should have.</summary>
    public IEnumerable<string> Problems => _sent
        .Where(static sent => CodeOf(sent.Acking) is not (null or "gone" or SendFailedException.Unknown or SendFailedException.NotSent))
        .Select(static sent => $"its change of {sent.Position} was refused: {CodeOf(sent.Acking)}");

    public void Edit(MessagePosition position, string original, ChatClient client, ConcurrentDictionary<string, string> texts)
    {
        var text = Edits.Apply(original, ++_edits);
        texts[text] = text;
        _sent.Enqueue((position, _edits, client.EditAsync(position.ToString(), text)));
    }

    public void Delete(MessagePosition position, ChatClient client) =>
        _sent.Enqueue((position, Deletion, client.DeleteAsync(position.ToString())));

    public BotCounts AddTo(BotCounts counts) => counts with
    {
        Edits = _sent.Count(static sent => sent.Number != Deletion),
        Deletions = _sent.Count(static sent => sent.Number == Deletion),
        Acknowledged = _sent.Count(static sent => sent.Acking.IsCompletedSuccessfully),
        Gone = _sent.Count(static sent => CodeOf(sent.Acking) == "gone"),
    };

    /// <summary>
    /// Returns the acknowledged changes that are not stored, although their messages are, and the changes that were refused wrongly.
    /// </summary>
    public IEnumerable<string> Missing(IReadOnlyCollection<Stored> stored)
    {
        var acknowledged = _sent.Where(static sent => sent.Acking.IsCompletedSuccessfully).ToLookup(static sent => sent.Position);
        var gone = _sent.Where(static sent => CodeOf(sent.Acking) == "gone").Select(static sent => sent.Position).ToHashSet();
        foreach (var (position, text) in stored)
        {
            if (text is not null && gone.Contains(position))
                yield return $"its change of {position} was refused, because the message was gone, and it is stored";
            var number = text is null ? Deletion : Edits.Split(text).Number;
            if (acknowledged[position].Select(static sent => sent.Number).DefaultIfEmpty().Max() is var last && last > number)
                yield return $"its {NameOf(last)} of {position} was acknowledged, and {NameOf(number)} is stored";
        }
    }

    private static string NameOf(int number) => number == Deletion ? "deletion" : $"edit {number}";

    private static string? CodeOf(Task<Ack> acking) => (acking.Exception?.InnerException as SendFailedException)?.Code;
}
