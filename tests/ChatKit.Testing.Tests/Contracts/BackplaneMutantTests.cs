using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Testing.Tests.Contracts;

/// <summary>Each error of a backplane is caught by the case that is there for it.</summary>
public sealed class BackplaneMutantTests
{
    private static readonly Dictionary<string, (string Case, Func<IMessageHistory, MutantBus> Mutate)> Mutants = new()
    {
        ["a message is lost"] = ("A_stored_message_gets_a_position_and_reaches_every_subscriber", static history =>
            new MutantBus(history) { Carry = static (_, message) => message.Position is null ? [message] : [] }),
        ["a message doesn't reach the other node"] = ("A_stored_message_gets_a_position_and_reaches_every_subscriber", static history =>
            new MutantBus(history) { Carry = static (node, message) => node == 1 ? [message] : [] }),
        ["a message is doubled"] = ("A_stored_message_gets_a_position_and_reaches_every_subscriber", static history =>
            new MutantBus(history) { Carry = static (_, message) => [message, message] }),
        ["the position isn't carried"] = ("A_stored_message_gets_a_position_and_reaches_every_subscriber", static history =>
            new MutantBus(history)
            {
                Carry = static (_, message) => [new ChatMessage(message.Type, message.Data, message.At) { From = message.From }],
            }),
        ["the sender isn't carried"] = ("A_stored_message_gets_a_position_and_reaches_every_subscriber", static history =>
            new MutantBus(history) { Carry = static (_, message) => [MutantHistory.Copy(message, withSender: false)] }),
        ["the audience isn't carried"] = ("A_stored_message_gets_a_position_and_reaches_every_subscriber", static history =>
            new MutantBus(history) { Carry = static (_, message) => [MutantHistory.Copy(message, withAudience: false)] }),
        ["a change is lost"] = (
            "A_change_reaches_every_subscriber_after_the_message_and_in_the_order_of_the_revisions",
            static history => new MutantBus(history) { Carry = static (_, message) => message.Revision == 7 ? [] : [message] }),
        ["changes are swapped"] = (
            "A_change_reaches_every_subscriber_after_the_message_and_in_the_order_of_the_revisions",
            static history => Swapping(history, static message => message.Revision == 7)),
        ["the author of a change isn't carried"] = (
            "A_change_reaches_every_subscriber_after_the_message_and_in_the_order_of_the_revisions",
            static history => new MutantBus(history) { Carry = static (_, message) => [MutantHistory.Copy(message, withChange: false)] }),
        ["JSON becomes text"] = ("Json_arrives_as_json(null)", static history =>
            new MutantBus(history) { Carry = static (_, message) => [MutantHistory.Copy(message, withJson: false)] }),
        ["JSON that isn't stored becomes text"] = ("Json_arrives_as_json(0)", static history => new MutantBus(history)
        {
            Carry = static (_, message) => [MutantHistory.Copy(message, withJson: message.Position is not null)],
        }),
        ["an ephemeral message is stored"] = ("An_ephemeral_message_has_no_position_and_is_not_stored", static history =>
            new MutantBus(history) { Capacity = static capacity => capacity == 0 ? null : capacity }),
        ["messages are swapped"] = (
            "Stored_messages_of_all_publishers_are_delivered_one_at_a_time_in_the_order_of_their_positions",
            static history => Swapping(history, static message => message.Position?.Sequence == 33, static message => message.Position is not null)),
        ["messages are delivered at the same time"] = (
            "Stored_messages_of_all_publishers_are_delivered_one_at_a_time_in_the_order_of_their_positions",
            static history => new MutantBus(history) { Overlaps = true }),
        ["ephemeral messages are overtaken"] = ("Messages_of_one_publisher_arrive_in_order_stored_or_not", static history =>
            Swapping(history, static message => message.Position is null)),
        ["announcements are cut"] = ("An_announcement_reaches_every_subscriber_among_the_messages_and_is_not_stored", static history =>
            new MutantBus(history) { Announcement = static announcement => announcement[..^1] }),
        ["announcements are stored"] = ("An_announcement_reaches_every_subscriber_among_the_messages_and_is_not_stored", static history =>
            new MutantBus(history) { StoresAnnouncements = true }),
        ["the number of nodes is wrong"] = ("The_number_of_nodes_that_an_announcement_is_sent_to_is_right_if_it_is_known", static history =>
            new MutantBus(history) { CountOffset = 1 }),
        ["the capacity isn't passed on"] = ("The_backplane_passes_the_capacity_to_the_history", static history =>
            new MutantBus(history) { Capacity = static capacity => capacity == 0 ? 0 : null }),
        ["a subscription doesn't end"] = ("A_subscriber_receives_nothing_after_unsubscribing", static history =>
            new MutantBus(history) { KeepsSubscriptions = true }),
        ["nobody can subscribe again"] = ("A_subscriber_receives_again_after_subscribing_again", static history =>
            new MutantBus(history) { SubscribesOnce = true }),
        ["all rooms are one"] = ("Rooms_do_not_share_messages", static history => new MutantBus(history) { Room = static _ => "one" }),
        ["a message that isn't stored is delivered"] = ("A_message_that_cannot_be_stored_throws_and_is_not_delivered", static history =>
            new MutantBus(history) { CarriesLost = true }),
        ["that a message isn't stored isn't said"] = ("A_message_that_cannot_be_stored_throws_and_is_not_delivered", static history =>
            new MutantBus(history) { HidesFailures = true }),
        ["nothing is stored without subscribers"] = ("A_message_is_stored_without_subscribers", static history =>
            new MutantBus(history) { Capacity = static _ => 0 }),
        ["the idempotency key isn't passed on"] = (
            "A_repeated_idempotency_key_returns_the_first_position_and_is_not_delivered_again_on_any_node",
            static history => new MutantBus(history) { Store = static message => MutantHistory.Copy(message, withKey: false) }),
        ["a repeated message is delivered again"] = (
            "A_repeated_idempotency_key_returns_the_first_position_and_is_not_delivered_again_on_any_node",
            static history => new MutantBus(history) { CarriesAgain = true }),
    };

    public static TheoryData<string> Names => [.. Mutants.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task An_error_is_caught_by_its_case(string mutant)
    {
        var (caseName, mutate) = Mutants[mutant];

        var contract = new MutantContract(mutate) { Limit = TimeSpan.FromSeconds(1) };
        var failure = await Assert.ThrowsAsync<ContractException>(() => contract.RunAsync(caseName));

        Assert.StartsWith(caseName + ": ", failure.Message, StringComparison.Ordinal);
        await new MutantContract(static history => new MutantBus(history)).RunAsync(caseName);
    }

    [Fact]
    public void Every_check_catches_an_error()
    {
        var all = BackplaneContract.CaseNames.Select(static row => (string)row[0]);

        Assert.Empty(all.Except(Mutants.Values.Select(static mutant => mutant.Case)));
    }

    [Theory]
    [MemberData(nameof(BackplaneContract.CaseNames), MemberType = typeof(BackplaneContract))]
    public Task A_backplane_without_changes_fulfills_the_contract_if_it_says_so(string caseName) =>
        new MutantContract(static history => new MutantBus(history)) { HasChanges = false }.RunAsync(caseName);

    /// <summary>Delivers a message after the next one, or the next one that overtakes it.</summary>
    private static MutantBus Swapping(IMessageHistory history, Func<ChatMessage, bool> isLate, Func<ChatMessage, bool>? overtakes = null)
    {
        var late = new Dictionary<int, ChatMessage>();
        return new MutantBus(history)
        {
            Carry = (node, message) =>
            {
                lock (late)
                {
                    if (overtakes?.Invoke(message) is null or true && late.Remove(node, out var waiting))
                        return [message, waiting];
                    if (!isLate(message))
                        return [message];
                    late[node] = message;
                    return [];
                }
            },
        };
    }

    private sealed class MutantContract(Func<IMessageHistory, MutantBus> mutate) : BackplaneContract
    {
        public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(40);

        public bool HasChanges { get; init; } = true;

        protected override TimeSpan Timeout => Limit;

        protected override bool SupportsChanges => HasChanges;

        protected override Task<(IBackplane One, IBackplane Other, IMessageHistory History)> CreateAsync()
        {
            var history = new ServiceCollection().AddLogging().AddChatKit().Services.BuildServiceProvider().GetRequiredService<IMessageHistory>();
            if (!HasChanges)
                history = new MutantHistory(history) { Change = static (_, _, _) => throw new NotSupportedException() };
            var bus = mutate(history);
            return Task.FromResult((bus.Node(1), bus.Node(2), history));
        }

        protected override async Task<(IBackplane One, IBackplane Other)> CreateFailingAsync()
        {
            var (_, _, history) = await CreateAsync();
            var bus = mutate(new MutantHistory(history) { Append = static (_, _, _, _) => throw new HistoryUnavailableException() });
            return (bus.Node(1), bus.Node(2));
        }
    }
}
