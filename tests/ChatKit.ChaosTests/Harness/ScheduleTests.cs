namespace ChatKit.ChaosTests.Harness;

public class ScheduleTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    [Fact]
    public void A_seed_gives_the_same_faults_each_time()
    {
        Assert.Equal(Schedule.Create(42, Duration, 3, Pause), Schedule.Create(42, Duration, 3, Pause));
        Assert.NotEqual(Schedule.Create(42, Duration, 3, Pause), Schedule.Create(43, Duration, 3, Pause));
    }

    [Fact]
    public void A_short_run_has_faults_of_every_kind()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var kinds = Schedule.Create(seed, Duration, 3, Pause).Select(static fault => fault.Kind).Distinct();

            Assert.Equal(Enum.GetValues<FaultKind>(), kinds.Order());
        }
    }
}
