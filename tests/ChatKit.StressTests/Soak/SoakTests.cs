namespace ChatKit.StressTests.Soak;

public class SoakTests
{
    /// <summary>A short run, which is too short to check growth. README.md describes how to run longer.</summary>
    [Fact]
    public async Task Everything_arrives_while_clients_connect_and_disconnect_and_no_exception_is_unobserved()
    {
        await using var csv = new StringWriter();

        var results = await SoakRun.RunAsync(TimeSpan.FromSeconds(8), seed: 42, csv);

        foreach (var result in results)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
            Assert.Empty(result.Delivery.Problems);
            Assert.Empty(result.Restless);
            Assert.Equal(0, result.Wrong);
            Assert.True(result.Last.Stats.IsClean, result.ToString());
            Assert.True(result is { Sent: > 0, Received: > 0, Resumes: > 0 }, result.ToString());
        }
    }
}
