using ChatKit.Testing.Contracts;

namespace ChatKit.Testing;

/// <summary>
/// What every <see cref="IMessageHistory"/> must do, as cases for any test framework. Derive a test class that creates your history, and run
/// each case of <see cref="CaseNames"/> with <see cref="RunAsync"/>.
/// </summary>
public abstract class MessageHistoryContract
{
    /// <summary>
    /// The names of all cases, one in each row: for <c>MemberData</c> (xunit), <c>TestCaseSource</c> (NUnit) or <c>DynamicData</c> (MSTest).
    /// </summary>
    public static IEnumerable<object[]> CaseNames => MessageHistoryChecks.Cases.Names;

    /// <summary>
    /// Whether the history implements <see cref="IMessageHistory.ChangeAsync"/>. Default: true. If false, the cases of edits and deletions only
    /// check that it throws <see cref="NotSupportedException"/>.
    /// </summary>
    protected internal virtual bool SupportsChanges => true;

    /// <summary>The time that a case can take before it fails. Default: 60 seconds.</summary>
    protected internal virtual TimeSpan Timeout => TimeSpan.FromSeconds(60);

    /// <summary>Runs a case. Cases can run concurrently; each uses rooms of its own.</summary>
    /// <param name="name">A name from <see cref="CaseNames"/>.</param>
    /// <exception cref="ContractException">The history doesn't fulfill its contract.</exception>
    /// <exception cref="ArgumentException">There is no case with this name.</exception>
    public Task RunAsync(string name)
    {
        var found = MessageHistoryChecks.Cases.Find(name);
        if (found.IsOfChanges && !SupportsChanges)
            found = found with { CheckAsync = static checks => checks.Changes_are_not_supported() };
        return ContractRun.RunAsync(found, end => new MessageHistoryChecks(this, end), Timeout);
    }

    /// <summary>
    /// Creates a history. With the default options, it keeps 100 messages of each room for as long as the test takes. Histories can share a
    /// store.
    /// </summary>
    /// <param name="options">
    /// The options of the case. Use <see cref="ChatKitOptions.HistoryCapacity"/> and <see cref="ChatKitOptions.RoomTimeToLive"/>.
    /// </param>
    protected internal abstract Task<IMessageHistory> CreateAsync(ChatKitOptions options);

    /// <summary>
    /// Completes when a room without new messages has expired: when <see cref="ChatKitOptions.RoomTimeToLive"/>, a second, has passed. It can
    /// wait, or advance a clock.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="options">The options of the history.</param>
    protected internal abstract Task ExpireAsync(string room, ChatKitOptions options);

    /// <summary>
    /// Completes when the history has forgotten an idempotency key, 5 minutes after it was stored. It can advance a clock, or check in the
    /// store when the key expires, and remove it.
    /// </summary>
    /// <param name="history">The history.</param>
    /// <param name="room">The room's name.</param>
    /// <param name="key">The key.</param>
    protected internal abstract Task ForgetKeyAsync(IMessageHistory history, string room, string key);
}
