namespace ChatKit.Samples.Tests;

/// <summary>One TeamChat for all tests that don't stop its nodes.</summary>
public sealed class TeamChatFixture : IAsyncLifetime
{
    private readonly Lazy<Task<Sample>> _sample = new(static () => Sample.StartAsync("TeamChat"));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    internal Task<Sample> GetAsync() => _sample.Value;

    public async ValueTask DisposeAsync()
    {
        if (_sample is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } started })
            await (await started).DisposeAsync();
    }
}
