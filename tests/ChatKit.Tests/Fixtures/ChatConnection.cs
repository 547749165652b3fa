namespace ChatKit.Tests.Fixtures;

/// <summary>Both sides of a connection.</summary>
internal sealed class ChatConnection(TestClient client, Task ended)
{
    /// <summary>The first message of a connection that <see cref="WaitUntilEnteredAsync()"/> waits for.</summary>
    private const string Knock = "knock";

    public TestClient Client => client;

    /// <summary>That <see cref="WebSocketHandlerRunner.RunAsync"/> has returned.</summary>
    public Task Ended => ended;

    public ScriptedHandler Handler { get; set; } = null!;

    /// <summary>Waits until the connection is in its home room: only then is a message handled.</summary>
    public async Task WaitUntilEnteredAsync()
    {
        await client.SendAsync(Knock);
        await WaitUntilHandledAsync(Knock);
    }

    /// <summary>Waits until a message is handled.</summary>
    public Task WaitUntilHandledAsync(string message) =>
        Patience.UntilAsync(() => Handler.Calls.Contains(message), $"'{message}' is handled");
}
