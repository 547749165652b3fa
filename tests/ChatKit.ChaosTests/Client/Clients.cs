using ChatKit.TestKit.Client;

namespace ChatKit.ChaosTests.Client;

/// <summary>Clients with short delays for tests.</summary>
internal static class Clients
{
    public static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    /// <summary>The shortest time that a test measures for <see cref="Moment"/>: timers count in coarse ticks, and the clock starts late on a busy machine.</summary>
    public static readonly TimeSpan ShortestMoment = TimeSpan.FromMilliseconds(150);

    public static ChatClient Start(
        Uri address,
        TimeSpan? resendWindow = null,
        TimeSpan? busyDelay = null,
        TimeSpan? policyDelay = null,
        int? eventLimit = null,
        TransportKind transport = TransportKind.WebSocket) =>
        ChatClient.Start(new ChatClientOptions
        {
            NextAddress = _ => ValueTask.FromResult(address),
            Transport = transport,
            FirstDelay = TimeSpan.FromMilliseconds(1),
            LongestDelay = TimeSpan.FromMilliseconds(5),
            RetryDelay = Moment,
            EventLimit = eventLimit,
            ResendWindow = resendWindow ?? TimeSpan.FromMinutes(5),
            BusyDelay = busyDelay ?? TimeSpan.FromMilliseconds(1),
            PolicyDelay = policyDelay ?? TimeSpan.FromMilliseconds(1),
        });

    /// <summary>Returns the next event of a kind, and skips events of other kinds.</summary>
    public static async Task<T> NextAsync<T>(this ChatClient client)
        where T : ChatEvent
    {
        while (true)
        {
            if (await client.Events.ReadAsync().AsTask().Soon() is T happened)
                return happened;
        }
    }

    /// <summary>Returns the next message or gap as a short text.</summary>
    public static async Task<string> NextSeenAsync(this ChatClient client)
    {
        while (true)
        {
            switch (await client.Events.ReadAsync().AsTask().Soon())
            {
                case MessageReceived message:
                    return $"{message.Position} {message.Text}";
                case GapFound gap:
                    return $"gap {gap.After} to {gap.Next ?? "?"}: {(gap.IsReset ? "reset" : gap.Missed)}";
            }
        }
    }

    public static async Task<string[]> NextSeenAsync(this ChatClient client, int count)
    {
        var seen = new string[count];
        for (var i = 0; i < count; i++)
            seen[i] = await client.NextSeenAsync();
        return seen;
    }
}
