using System.Net.WebSockets;
using System.Text;

namespace ChatKit.Testing.Contracts;

/// <summary>The cases of the contract of every backplane. Each run has an instance, and rooms, of its own.</summary>
/// <param name="contract">Creates the nodes.</param>
internal sealed partial class BackplaneChecks(BackplaneContract contract)
{
    private readonly string _room = $"room {Guid.NewGuid():n}";

    public static CaseList<BackplaneChecks> Cases { get; } = ListCases();

    /// <summary>The only thing that a backplane without changes must do.</summary>
    public async Task Changes_are_not_supported()
    {
        var (one, _, _) = await CreateAsync();
        var position = await one.PublishAsync(_room, Message("text"));
        var change = new MessageChange { Position = position.GetValueOrDefault(), At = DateTimeOffset.UnixEpoch };

        await Check.ThrowsAsync<NotSupportedException>(() => one.ChangeAsync(_room, change).AsTask());
    }

    private static CaseList<BackplaneChecks> ListCases()
    {
        var cases = new CaseList<BackplaneChecks>();
        AddMessages(cases);
        AddSubscribers(cases);
        return cases;
    }

    private static ChatMessage Message(string text, string? from = null, string? key = null) =>
        new(WebSocketMessageType.Text, Encoding.UTF8.GetBytes(text), DateTimeOffset.UnixEpoch)
        {
            From = from,
            ConnectionId = "c",
            Audience = Audience.Others,
            IdempotencyKey = key,
        };

    private Task<(IBackplane One, IBackplane Other, IMessageHistory History)> CreateAsync() =>
        ContractRun.CallFixtureAsync(contract.CreateAsync);

    private Task<(IBackplane One, IBackplane Other)> CreateFailingAsync() => ContractRun.CallFixtureAsync(contract.CreateFailingAsync);

    private RecordingSubscriber NewSubscriber() => new(contract.Timeout / 2);
}
