using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>
/// Short attacks with a tenth of the attackers. They do not check latencies, which are not meaningful while other tests run on the same
/// machine. README.md describes how to measure them.
/// </summary>
public sealed class AttackTests : IAsyncLifetime
{
    private static readonly AttackOptions Short = new(TimeSpan.FromSeconds(1), Share: 0.1)
    {
        QuietTime = TimeSpan.FromMilliseconds(50),
        Settling = TimeSpan.FromMilliseconds(50),
        AttackersYield = false,
    };

    private ServerProcess _server = null!;

    public async ValueTask InitializeAsync() => _server = await ServerProcess.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Attacks_use_bounded_memory_and_other_clients_lose_nothing()
    {
        foreach (var attack in AttackCatalog.Create())
        {
            var result = await AttackRun.RunAsync(_server, attack, Short);

            TestContext.Current.TestOutputHelper?.WriteLine(string.Join(" | ", result.Row));
            Assert.True(!result.Problems.Any(), $"{attack.Name}: {string.Join('\n', result.Problems)}");
        }
    }
}
