using ChatKit.ChaosTests.Harness;
using ChatKit.TestKit.Client;

namespace ChatKit.ChaosTests;

public class ChaosTests
{
    /// <summary>A short run. README.md describes how to run longer, and with another seed.</summary>
    [Fact]
    public async Task No_message_is_lost_duplicated_or_reordered_while_nodes_Redis_and_connections_fail()
    {
        var result = await ChaosRun.RunAsync(new ChaosOptions(Seed: 42, TimeSpan.FromSeconds(15)));

        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsClean, result.ToString());
        Assert.All(result.Logs, static log => Assert.NotEqual(log.IsVisitor, log.Sent.Count > 0));
        Assert.Equal(Enum.GetValues<TransportKind>(), result.Ways.Select(static way => way.Transport));
        Assert.All(result.Ways, way => Assert.Equal(result.Options.Clients / 3, way.Clients));
    }
}
