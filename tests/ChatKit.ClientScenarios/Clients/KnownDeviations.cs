namespace ChatKit.ClientScenarios.Clients;

/// <summary>Where a client of this repository doesn't follow the protocol yet. A scenario that passes must not be here.</summary>
internal static class KnownDeviations
{
    private const string NotNewer = "It reports a change whose revision isn't greater than that of the last change of the message.";
    private const string ReadBack = "It reports a position that the user has read after a later one.";
    private const string SentForEver = "It sends the frame again on the next connection.";
    private const string LimitedAndBroken = "Without 'retry', it waits only if the close frame with 1008 arrives.";

    private static readonly Dictionary<(string Client, string Scenario), string> Reasons = new()
    {
        [("chatkit.js", "change/not-newer")] = NotNewer,
        [("chatkit.js", "change/resume")] = "It can resume from an earlier revision than the last one.",
        [("chatkit.js", "change/after-reset")] = "It reports changes of messages from before a reset.",
        [("chatkit.js", "read/later-one-counts")] = ReadBack,
        [("chatkit.js", "error/rate-limited-broken")] = LimitedAndBroken,
        [("chatkit.js", "close/1013-expiring")] = "Once it has begun to renew its credentials, it comes back without a minimum delay.",
        [("chatkit.js", "http/poll-post-400")] = SentForEver,
        [("chatkit.js", "http/poll-post-413")] = SentForEver,
        [("chatkit.js", "http/poll-post-415")] = SentForEver,
        [("chatkit.js", "replace/epoch-change")] = "It reports a message again if the current connection has followed the room into another epoch.",
    };

    /// <summary>Why a client fails in a scenario; null if it must pass.</summary>
    /// <param name="client">The name of the client. Those that begin with chatkit.js are the same client elsewhere.</param>
    /// <param name="scenario">The name of the scenario.</param>
    public static string? Find(string client, string scenario) => Reasons.GetValueOrDefault((client.Split(' ')[0], scenario));
}
