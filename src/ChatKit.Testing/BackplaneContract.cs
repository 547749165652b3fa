using ChatKit.Testing.Contracts;

namespace ChatKit.Testing;

/// <summary>
/// What every <see cref="IBackplane"/> should do, as cases for any test framework. Derive a test class that creates nodes with your backplane,
/// and run each case of <see cref="CaseNames"/> with <see cref="RunAsync"/>.
/// </summary>
public abstract class BackplaneContract
{
    /// <summary>
    /// The names of all cases, one in each row: for <c>MemberData</c> (xunit), <c>TestCaseSource</c> (NUnit) or <c>DynamicData</c> (MSTest).
    /// </summary>
    public static IEnumerable<object[]> CaseNames => BackplaneChecks.Cases.Names;

    /// <summary>
    /// Whether the backplane implements <see cref="IBackplane.ChangeAsync"/>. Default: true. If false, the cases of edits and deletions only
    /// check that it throws <see cref="NotSupportedException"/>.
    /// </summary>
    protected internal virtual bool SupportsChanges => true;

    /// <summary>The time that a case can take before it fails. Default: 60 seconds. A message must arrive within half of it.</summary>
    protected internal virtual TimeSpan Timeout => TimeSpan.FromSeconds(60);

    /// <summary>Runs a case. Cases can run concurrently; each uses rooms of its own.</summary>
    /// <param name="name">A name from <see cref="CaseNames"/>.</param>
    /// <exception cref="ContractException">The backplane doesn't fulfill its contract.</exception>
    /// <exception cref="ArgumentException">There is no case with this name.</exception>
    public Task RunAsync(string name)
    {
        var found = BackplaneChecks.Cases.Find(name);
        if (found.IsOfChanges && !SupportsChanges)
            found = found with { CheckAsync = static checks => checks.Changes_are_not_supported() };
        return ContractRun.RunAsync(found, _ => new BackplaneChecks(this), Timeout);
    }

    /// <summary>
    /// Creates two nodes and the history that they share, which keeps 100 messages of each room. For a backplane with a single node, both are
    /// the same.
    /// </summary>
    protected internal abstract Task<(IBackplane One, IBackplane Other, IMessageHistory History)> CreateAsync();

    /// <summary>Creates two nodes whose store is unavailable when a message is published. One can subscribe to rooms nevertheless.</summary>
    protected internal abstract Task<(IBackplane One, IBackplane Other)> CreateFailingAsync();
}
