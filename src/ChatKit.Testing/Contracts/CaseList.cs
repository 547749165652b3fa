using System.Runtime.CompilerServices;

namespace ChatKit.Testing.Contracts;

/// <summary>The cases of a contract, in their order.</summary>
internal sealed class CaseList<TChecks>
{
    private readonly Dictionary<string, ContractCase<TChecks>> _cases = [];

    /// <summary>One row for each case, with its name.</summary>
    public IReadOnlyList<object[]> Names => [.. _cases.Keys.Select(static name => new object[] { name })];

    /// <summary>Adds a case. The expression <c>static c =&gt; c.Method(1, "a")</c> names it <c>Method(1, "a")</c>.</summary>
    public void Add(Func<TChecks, Task> check, [CallerArgumentExpression(nameof(check))] string expression = "") =>
        Add(NameOf(expression), isOfChanges: false, check);

    /// <summary>Adds a case that needs an implementation that can change messages.</summary>
    public void AddOfChanges(Func<TChecks, Task> check, [CallerArgumentExpression(nameof(check))] string expression = "") =>
        Add(NameOf(expression), isOfChanges: true, check);

    public void Add(string name, bool isOfChanges, Func<TChecks, Task> check) =>
        _cases.Add(name, new ContractCase<TChecks>(name, isOfChanges, check));

    /// <exception cref="ArgumentException">There is no such case.</exception>
    public ContractCase<TChecks> Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _cases.TryGetValue(name, out var found) ? found : throw new ArgumentException($"The contract has no case '{name}'.", nameof(name));
    }

    private static string NameOf(string expression)
    {
        var call = expression[(expression.IndexOf("c.", StringComparison.Ordinal) + 2)..];
        return call.EndsWith("()", StringComparison.Ordinal) ? call[..^2] : call;
    }
}
