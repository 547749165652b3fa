namespace ChatKit.ClientScenarios.Clients;

/// <summary>Where a client of this repository doesn't follow the protocol yet. A scenario that passes must not be here.</summary>
internal static class KnownDeviations
{
    private static readonly Dictionary<(string Client, string Scenario), string> Reasons = [];

    /// <summary>Why a client fails in a scenario; null if it must pass.</summary>
    /// <param name="client">The name of the client. Those that begin with chatkit.js are the same client elsewhere.</param>
    /// <param name="scenario">The name of the scenario.</param>
    public static string? Find(string client, string scenario) => Reasons.GetValueOrDefault((client.Split(' ')[0], scenario));
}
