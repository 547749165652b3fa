using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Storms;

/// <summary>What the bystanders on one node have noticed.</summary>
/// <param name="Quiet">How long messages took before the storm.</param>
/// <param name="During">How long messages took that were sent during the storm.</param>
/// <param name="Outcome">What has become of all messages.</param>
internal sealed record StormFigures(Latencies Quiet, Latencies During, Bystanders.Outcome Outcome)
{
    public double Ratio => During.Milliseconds(0.99) / Quiet.Milliseconds(0.99);

    public override string ToString() =>
        $"{Quiet.Milliseconds(0.99):0.0} → {During.Milliseconds(0.99):N1} (× {Ratio:N1}, max {During.Milliseconds(1):N0})";
}
