namespace ChatKit.Samples.Tests;

/// <summary>One TeamChat for all its tests.</summary>
public sealed class TeamChatFixture : IAsyncLifetime
{
    private readonly Lazy<Task<Sample>> _sample = new(static () => Sample.StartAsync("TeamChat"));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    internal Task<Sample> GetAsync() => _sample.Value;

    internal async ValueTask ClosePagesAsync()
    {
        if (Started is { } started)
            await (await started).ClosePagesAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Started is { } started)
            await (await started).DisposeAsync();
    }

    private Task<Sample>? Started => _sample is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } started } ? started : null;
}
