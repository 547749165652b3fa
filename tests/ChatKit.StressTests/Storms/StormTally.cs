using System.Text.Json.Serialization;

namespace ChatKit.StressTests.Storms;

/// <summary>The outcome of the clients of a storm.</summary>
/// <param name="Connections">The number of accepted connections.</param>
/// <param name="Interrupted">The number of refused or lost connections.</param>
/// <param name="Live">The number of clients that became live.</param>
/// <param name="P50">The median time from a client's first handshake to <c>live</c>, in milliseconds; null if no client became live.</param>
/// <param name="P99">The time that 99 % of the clients that became live did not exceed, in milliseconds.</param>
/// <param name="Last">The time from the start of the storm to the last <c>live</c>, in milliseconds.</param>
internal sealed record StormTally(int Connections, int Interrupted, int Live, double? P50, double? P99, double? Last);

[JsonSerializable(typeof(StormTally))]
internal sealed partial class TallyContext : JsonSerializerContext;
