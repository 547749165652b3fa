namespace ChatKit.ClientScenarios.Clients;

/// <summary>Where a client of this repository doesn't follow the protocol yet. A scenario that passes must not be here.</summary>
internal static class KnownDeviations
{
    private const string Dotnet = "ChatKit.Client";

    private const string NotNewer = "It reports a change whose revision isn't greater than that of the last change of the message.";
    private const string ReadBack = "It reports a position that the user has read after a later one.";
    private const string LimitedAndBroken = "Without 'retry', it waits only if the close frame with 1008 arrives.";

    private static readonly Dictionary<(string Client, string Scenario), string> Reasons = new()
    {
        [(Dotnet, "change/not-newer")] = NotNewer,
        [(Dotnet, "read/later-one-counts")] = ReadBack,
        [(Dotnet, "read/before-live")] = ReadBack,
        [(Dotnet, "resume/revision-not-back")] = "It resumes with the revision of the last change, also if that isn't newer.",
        [(Dotnet, "http/poll-413")] = "It opens a new connection, and sends the frame again.",
        [(Dotnet, "join/refused-where-it-is")] = "It forgets its position in a room that the server has let it into, if it can't join that.",
        [(Dotnet, "error/rate-limited-broken")] = LimitedAndBroken,
        [(Dotnet, "close/http-error")] = "With WebSockets only, it treats 401 and 403 like 1008, and stays closed after the third.",
        [(Dotnet, "replace/from-the-current-one")] = "It reports what arrives on the new connection before that takes over.",
        [(Dotnet, "replace/waits-for-answers")] = "It takes over before the current connection has answered.",
    };

    /// <summary>Why a client fails in a scenario; null if it must pass.</summary>
    /// <param name="client">The name of the client. Those that begin with chatkit.js are the same client elsewhere.</param>
    /// <param name="scenario">The name of the scenario.</param>
    public static string? Find(string client, string scenario) => Reasons.GetValueOrDefault((client.Split(' ')[0], scenario));
}
