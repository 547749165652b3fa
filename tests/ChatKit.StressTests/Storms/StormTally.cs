using System.Text.Json.Serialization;

namespace ChatKit.StressTests.Storms;

/// <summary>What has become of the clients of a storm.</summary>
/// <param name="Connections">How many connections were accepted.</param>
/// <param name="Interrupted">How many connections were refused or lost.</param>
/// <param name="Live">How many clients became live.</param>
/// <param name="P50">The median time from a client's first handshake to <c>live</c>, in milliseconds; null if nobody became live.</param>
/// <param name="P99">The time that 99 % of the clients that became live did not exceed, in milliseconds.</param>
/// <param name="Last">The time from the start of the storm to the last <c>live</c>, in milliseconds.</param>
internal sealed record StormTally(int Connections, int Interrupted, int Live, double? P50, double? P99, double? Last);

[JsonSerializable(typeof(StormTally))]
internal sealed partial class TallyContext : JsonSerializerContext;
