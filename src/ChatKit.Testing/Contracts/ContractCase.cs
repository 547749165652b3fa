namespace ChatKit.Testing.Contracts;

/// <summary>One case of a contract.</summary>
/// <param name="Name">The name of its method, with its arguments.</param>
/// <param name="IsOfChanges">Whether the case needs an implementation that can change messages.</param>
/// <param name="CheckAsync">Checks the case.</param>
internal sealed record ContractCase<TChecks>(string Name, bool IsOfChanges, Func<TChecks, Task> CheckAsync);
