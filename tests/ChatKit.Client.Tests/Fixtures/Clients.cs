using ChatKit.Client.Connections;

namespace ChatKit.Client.Tests.Fixtures;

/// <summary>Clients with short delays for tests.</summary>
internal static class Clients
{
    /// <summary>Long enough that nothing happens by itself during a test.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromHours(1);

    public static ChatClientOptions Options(Action<ChatClientOptions>? configure = null)
    {
        var options = new ChatClientOptions
        {
            Transports = [ChatTransport.WebSockets],
            ConnectTimeout = Patience.Limit,
            CloseTimeout = TimeSpan.FromMilliseconds(10), // A scripted server doesn't answer.
            RetryPolicy = new FullJitterRetryPolicy { First = TimeSpan.FromMilliseconds(1), Limit = TimeSpan.FromMilliseconds(5) },
            Times = new ClientTimes
            {
                Refused = TimeSpan.FromMilliseconds(1),
                Busy = TimeSpan.FromMilliseconds(1),
                Backoff = new FullJitterRetryPolicy { First = TimeSpan.FromMilliseconds(20), Limit = TimeSpan.FromMilliseconds(20) },
                Grace = TimeSpan.FromMilliseconds(20),
                Leave = Patience.Limit,
            },
        };
        configure?.Invoke(options);
        return options;
    }

    public static ChatClient Create(Uri address, Action<ChatClientOptions>? configure = null) => new(address, Options(configure));

    /// <summary>Starts to connect, without waiting until the client is live.</summary>
    public static ChatClient Start(Uri address, Action<ChatClientOptions>? configure = null)
    {
        var client = Create(address, configure);
        _ = client.ConnectAsync().ContinueWith(static failed => failed.Exception, TaskScheduler.Default);
        return client;
    }

    public static EventReader Read(this ChatConversation conversation) => new(conversation);

    public static async Task<ChatException> FailsAsync(this Task task) => await Assert.ThrowsAsync<ChatException>(() => task.Soon());
}

/// <summary>Reads the events of a client or a room.</summary>
internal sealed class EventReader(ChatConversation conversation) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<ChatEvent> _events = conversation.Events().GetAsyncEnumerator();

    /// <summary>Returns the next event; null if there are no more.</summary>
    public async Task<ChatEvent?> NextAsync() => await _events.MoveNextAsync().AsTask().Soon() ? _events.Current : null;

    /// <summary>Returns the next event of a kind, and skips events of other kinds.</summary>
    public async Task<T> NextAsync<T>()
        where T : ChatEvent
    {
        while (true)
        {
            switch (await NextAsync())
            {
                case T happened:
                    return happened;
                case null:
                    throw new InvalidOperationException("There are no more events.");
            }
        }
    }

    /// <summary>Waits until the client is in a state.</summary>
    public async Task<StateChanged> UntilAsync(ChatState state)
    {
        while (true)
        {
            if (await NextAsync<StateChanged>() is var changed && changed.State == state)
                return changed;
        }
    }

    /// <summary>Returns the next messages and gaps as short texts.</summary>
    public async Task<string[]> SeeAsync(int count)
    {
        var seen = new List<string>();
        while (seen.Count < count)
        {
            switch (await NextAsync())
            {
                case MessageReceived message:
                    seen.Add($"{message.Position} {message.Text}".TrimStart());
                    break;
                case GapDetected gap:
                    seen.Add($"gap {gap.After} to {gap.Next?.ToString() ?? "?"}: {(gap.IsReset ? "reset" : gap.Missed)}");
                    break;
                case null:
                    throw new InvalidOperationException("There are no more events.");
            }
        }

        return [.. seen];
    }

    public ValueTask DisposeAsync() => _events.DisposeAsync();
}
