namespace ChatKit.Health;

/// <summary>Something that rooms depend on beyond this process.</summary>
internal interface IHealthProbe
{
    /// <summary>Looks, within the time that a health check has. Never throws, unless it is cancelled.</summary>
    /// <param name="data">Takes counts for whoever reads the report.</param>
    /// <param name="cancellationToken">Nobody wants to know any more.</param>
    /// <returns>What is wrong, why, and what to do about it; null if nothing is.</returns>
    ValueTask<string?> ProblemAsync(IDictionary<string, object> data, CancellationToken cancellationToken);
}
