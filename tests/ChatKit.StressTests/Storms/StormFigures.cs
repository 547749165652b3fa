using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Storms;

/// <summary>The measurements of the bystanders on one node.</summary>
/// <param name="Quiet">The latencies before the storm.</param>
/// <param name="During">The latencies of messages that were sent during the storm.</param>
/// <param name="Outcome">The outcome of all messages.</param>
internal sealed record StormFigures(Latencies Quiet, Latencies During, Bystanders.Outcome Outcome)
{
    public double Ratio => During.Milliseconds(0.99) / Quiet.Milliseconds(0.99);

    public override string ToString() =>
        $"{Quiet.Milliseconds(0.99):0.0} → {During.Milliseconds(0.99):N1} (× {Ratio:N1}, max {During.Milliseconds(1):N0})";
}
