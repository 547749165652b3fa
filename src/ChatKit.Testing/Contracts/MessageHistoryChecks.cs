using System.Net.WebSockets;
using System.Text;

namespace ChatKit.Testing.Contracts;

/// <summary>The cases of the contract of every history. Each run has an instance, and rooms, of its own.</summary>
/// <param name="contract">Creates the history.</param>
/// <param name="end">Canceled when the run takes too long.</param>
internal sealed partial class MessageHistoryChecks(MessageHistoryContract contract, CancellationToken end)
{
    /// <summary>A longer name is written in short into the name of its case.</summary>
    private const int LongestName = 20;

    private static readonly string[] Names =
    [
        "a", "with spaces", " ", "a:b", "{a}", "a}b{c", "*", "[a]?", "日本語", "😀", "عربى", "\u00e9", "e\u0301", "\\", "\"", "%41", "a/b?c#d",
        new string('x', 255), string.Concat(Enumerable.Repeat("漢", 255)),
    ];

    private readonly CancellationToken _end = end;
    private readonly string _room = $"room {Guid.NewGuid():n}";

    public static CaseList<MessageHistoryChecks> Cases { get; } = ListCases();

    /// <summary>The only thing that a history without changes must do.</summary>
    public async Task Changes_are_not_supported()
    {
        var history = await CreateAsync();
        var position = await AppendAsync(history, "text");

        await Check.ThrowsAsync<NotSupportedException>(() => history.ChangeAsync(_room, Edit(position, "edited")).AsTask());
    }

    private static CaseList<MessageHistoryChecks> ListCases()
    {
        var cases = new CaseList<MessageHistoryChecks>();
        AddMessages(cases);
        AddReading(cases);
        AddKeys(cases);
        AddChanges(cases);
        AddFollowers(cases);
        return cases;
    }

    private static string Shorten(string name) => name.Length > LongestName ? $"{name[..1]} x {name.Length}" : name;

    private static ChatMessage Message(string text, string? key = null) =>
        new(WebSocketMessageType.Text, Encoding.UTF8.GetBytes(text), DateTimeOffset.UnixEpoch) { IdempotencyKey = key };

    private static MessageChange Edit(MessagePosition position, string text) =>
        new() { Position = position, Data = Encoding.UTF8.GetBytes(text), At = DateTimeOffset.UnixEpoch };

    private static MessageChange Deletion(MessagePosition position) =>
        new() { Position = position, IsDeletion = true, At = DateTimeOffset.UnixEpoch };

    private static IEnumerable<string> Texts(HistoryPage page) => page.Messages.Select(static m => m.Text);

    private Task<IMessageHistory> CreateAsync() => CreateAsync(new ChatKitOptions());

    private Task<IMessageHistory> CreateAsync(ChatKitOptions options) => ContractRun.CallFixtureAsync(() => contract.CreateAsync(options));

    private Task ExpireAsync(string room, ChatKitOptions options) => ContractRun.CallFixtureAsync(() => contract.ExpireAsync(room, options));

    private Task ForgetKeyAsync(IMessageHistory history, string room, string key) =>
        ContractRun.CallFixtureAsync(() => contract.ForgetKeyAsync(history, room, key));

    private async ValueTask<MessagePosition> AppendAsync(IMessageHistory history, string text, int? capacity = null) =>
        (await history.AppendAsync(_room, Message(text), capacity)).Position;

    /// <summary>Appends numbered texts, starting with 1. Returns the last position.</summary>
    private async Task<MessagePosition> FillAsync(IMessageHistory history, int count, int? capacity = null)
    {
        MessagePosition last = default;
        for (var i = 1; i <= count; i++)
            last = await AppendAsync(history, $"{i}", capacity);
        return last;
    }
}
