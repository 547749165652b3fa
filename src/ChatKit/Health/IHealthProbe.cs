namespace ChatKit.Health;

/// <summary>Checks a dependency of the rooms outside this process.</summary>
internal interface IHealthProbe
{
    /// <summary>Checks the dependency, within the time limit of a health check. Never throws, unless it is canceled.</summary>
    /// <param name="data">Receives values for the health report.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <returns>What is wrong, why, and how to fix it; null if the dependency is healthy.</returns>
    ValueTask<string?> ProblemAsync(IDictionary<string, object> data, CancellationToken cancellationToken);
}
