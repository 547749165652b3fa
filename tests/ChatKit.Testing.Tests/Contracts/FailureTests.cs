using System.Text;

namespace ChatKit.Testing.Tests.Contracts;

/// <summary>What a failed case says.</summary>
public sealed class FailureTests
{
    private const string Sequences = "Sequences_count_up_by_one_from_1";

    [Fact]
    public async Task A_failure_says_what_was_expected_and_what_was_found()
    {
        var contract = new MutantContract(static inner => new MutantHistory(inner)
        {
            Page = static (_, page) => page with
            {
                Messages = [.. page.Messages.Select(static message => MutantHistory.Copy(message, data: "x"u8.ToArray()))],
            },
        });

        var failure = await Assert.ThrowsAsync<ContractException>(() => contract.RunAsync("Rooms_do_not_share_messages"));

        Assert.Equal(
            """
            Rooms_do_not_share_messages: Texts(a), which differs at index 0
              expected: ["a1", "a2", "a3", "a4", "a5"] (5)
              found:    ["x", "x", "x", "x", "x"] (5)
            """,
            failure.Message,
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public async Task A_failure_far_into_a_long_list_shows_the_items_around_it()
    {
        var contract = new MutantContract(static inner => new MutantHistory(inner)
        {
            Page = static (_, page) => page with
            {
                Messages = [.. page.Messages.Select(static message =>
                    message.Text == "15" ? MutantHistory.Copy(message, data: Encoding.UTF8.GetBytes(new string('y', 300))) : message)],
            },
        });

        var failure = await Assert.ThrowsAsync<ContractException>(() => contract.RunAsync(Sequences));

        Assert.Contains("differs at index 15", failure.Message, StringComparison.Ordinal);
        Assert.Contains("""[…, "10", "11", "12", "13", "14", "15", "16", "17", "18", "19"] (20)""", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"\"{new string('y', 100)}…\"", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_of_the_history_violates_the_contract()
    {
        var bug = new InvalidCastException("a bug");
        var contract = new MutantContract(inner => new MutantHistory(inner) { Append = (_, _, _, _) => throw bug });

        var failure = await Assert.ThrowsAsync<ContractException>(() => contract.RunAsync(Sequences));

        Assert.Equal($"{Sequences}: expected no exception, but System.InvalidCastException was thrown: a bug", failure.Message);
        Assert.Same(bug, failure.InnerException);
    }

    [Fact]
    public async Task An_expected_exception_that_is_not_thrown_violates_the_contract()
    {
        var contract = new MutantContract(static inner => new MutantHistory(inner) { Capacity = static capacity => capacity < 1 ? 1 : capacity });

        var failure = await Assert.ThrowsAsync<ContractException>(() => contract.RunAsync("Arguments_are_checked"));

        Assert.Contains("to throw ArgumentOutOfRangeException", failure.Message, StringComparison.Ordinal);
        Assert.Contains("no exception", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>A test framework can have thrown it to skip the test.</summary>
    [Fact]
    public async Task An_exception_of_the_test_class_passes_unchanged()
    {
        var skip = new InvalidOperationException("skip this");

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(
            () => new MutantContract(static inner => inner) { FixtureFailure = skip }.RunAsync(Sequences));

        Assert.Same(skip, thrown);
    }

    [Fact]
    public async Task A_history_that_does_not_answer_violates_the_contract()
    {
        var contract = new MutantContract(static inner => new MutantHistory(inner)
        {
            Append = static (_, _, _, _) => new ValueTask<AppendResult>(new TaskCompletionSource<AppendResult>().Task),
        })
        {
            Limit = TimeSpan.FromMilliseconds(50),
        };

        var failure = await Assert.ThrowsAsync<ContractException>(() => contract.RunAsync(Sequences).Soon());

        Assert.Contains("expected to end within 0.05 s, but it still runs", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(MessageHistoryContract.CaseNames), MemberType = typeof(MessageHistoryContract))]
    public Task A_history_without_changes_fulfills_the_contract_if_it_says_so(string caseName) =>
        new MutantContract(WithoutChanges.Instead) { Changes = false }.RunAsync(caseName);

    [Fact]
    public async Task A_history_without_changes_that_says_that_it_has_them_is_caught()
    {
        var contract = new MutantContract(WithoutChanges.Instead);

        await Assert.ThrowsAsync<ContractException>(() => contract.RunAsync("A_change_with_a_repeated_key_is_made_once"));
    }

    [Fact]
    public async Task A_history_with_changes_that_says_that_it_has_none_is_caught()
    {
        var contract = new MutantContract(static inner => inner) { Changes = false };

        await Assert.ThrowsAsync<ContractException>(() => contract.RunAsync("A_change_with_a_repeated_key_is_made_once"));
    }

    private sealed class WithoutChanges : IMessageHistory
    {
        public static MutantHistory Instead(IMessageHistory inner) =>
            new MutantHistory(inner) { Change = ((IMessageHistory)new WithoutChanges()).ChangeAsync };

        public ValueTask<AppendResult> AppendAsync(string room, ChatMessage message, int? capacity, CancellationToken cancellationToken) =>
            throw new InvalidOperationException();

        public ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after, CancellationToken cancellationToken) =>
            throw new InvalidOperationException();
    }
}
