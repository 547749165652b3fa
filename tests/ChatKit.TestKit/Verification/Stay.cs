using System.Collections.Concurrent;
using ChatKit.TestKit.Client;

namespace ChatKit.TestKit.Verification;

/// <summary>What an application has received of one room, while its client was in it. Not thread-safe.</summary>
/// <param name="client">The name of the client.</param>
/// <param name="room">The room.</param>
/// <param name="texts">A pool of all texts.</param>
/// <param name="isVisitor">Whether the client joined after the first message.</param>
internal sealed class Stay(string client, string room, ConcurrentDictionary<string, string> texts, bool isVisitor = false)
{
    /// <summary>The number of its own latest messages that a sender changes.</summary>
    private const int MaxOwn = 4;

    private readonly List<Seen> _seen = [];
    private readonly Queue<long> _own = new();

    public RoomView View { get; } = new(client, room, isVisitor);

    /// <summary>The last position that was received.</summary>
    public string At { get; private set; } = ":0";

    public int EditedOnArrival { get; private set; }

    public int DeletedOnArrival { get; private set; }

    public int Signals { get; private set; }

    public int SharedReads { get; private set; }

    public ClientLog Log(string name, IReadOnlyList<Sent> sent) => new(name, room, [.. _seen], sent, isVisitor);

    /// <summary>Returns one of the client's own latest messages that is not deleted.</summary>
    public (MessagePosition Position, string Original)? PickOwn(Random random)
    {
        var own = _own.Select(View.Find).Where(static found => found is not null).ToList();
        return own.Count == 0 ? null : own[random.Next(own.Count)];
    }

    public void See(ChatEvent happened)
    {
        switch (happened)
        {
            case MessageReceived { Position: { } position, Text: { } text } message:
                Add(message, MessagePosition.Parse(position), Edits.Split(text).Original, texts.GetValueOrDefault(text, text));
                EditedOnArrival += message.IsEdited ? 1 : 0;
                break;
            case MessageReceived { Position: { } position, IsDeleted: true } message:
                Add(message, MessagePosition.Parse(position), Verifier.Deleted, null);
                DeletedOnArrival++;
                break;
            case MessageChanged change:
                View.Apply(change);
                break;
            case GapFound gap:
                MessagePosition? next = gap.Next is null ? null : MessagePosition.Parse(gap.Next);
                _seen.Add(new Seen(MessagePosition.Parse(gap.After), null, new SeenGap(next, gap.Missed, gap.IsReset)));
                if (gap.IsReset)
                    _own.Clear();
                View.Add(gap);
                break;
            case BecameLive live:
                View.Add(live);
                break;
            case SignalReceived:
                Signals++;
                break;
            case ReadMoved:
                SharedReads++;
                break;
        }
    }

    private void Add(MessageReceived message, MessagePosition at, string original, string? text)
    {
        _seen.Add(new Seen(at, texts.GetValueOrDefault(original, original)));
        View.Add(at, text);
        At = message.Position!;
        if (message.From != client || !original.StartsWith($"{client}:", StringComparison.Ordinal))
            return;
        _own.Enqueue(at.Sequence);
        if (_own.Count > MaxOwn)
            _own.Dequeue();
    }
}
