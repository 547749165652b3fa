namespace ChatKit.StressTests.Storms;

/// <summary>
/// Small storms. They do not check latencies, which are not meaningful while other tests run on the same machine. README.md describes how to
/// measure them.
/// </summary>
public class StormTests
{
    private static readonly StormOptions Small = new()
    {
        Joiners = 20,
        Messages = 20,
        Returning = 100,
        Rooms = 5,
        Tricklers = 6,
        Time = TimeSpan.FromSeconds(1),
        Settling = TimeSpan.FromMilliseconds(50),
        ClientsYield = false,
    };

    public static TheoryData<string> Names => [.. StormCatalog.Create(Small).Select(static storm => storm.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task All_clients_that_join_at_once_become_live_and_bystanders_lose_nothing(string name)
    {
        Requirement.RedisServer();

        var result = await StormRun.RunAsync(StormCatalog.Create(Small).Single(storm => storm.Name == name), Small);

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(" | ", result.Row));
        Assert.True(!result.Problems.Any(), string.Join('\n', result.Problems));
    }
}
