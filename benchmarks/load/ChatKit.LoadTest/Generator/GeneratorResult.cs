using System.Text.Json;

namespace ChatKit.LoadTest.Generator;

/// <summary>What one run has measured; null where the workload does not measure it. Times are in microseconds.</summary>
internal sealed record GeneratorResult
{
    /// <summary>Texts that members got in a second.</summary>
    public double? DeliveriesPerSecond { get; init; }

    /// <summary>Texts that were sent in a second.</summary>
    public double? MessagesPerSecond { get; init; }

    /// <summary>Connections that were opened in a second.</summary>
    public double? HandshakesPerSecond { get; init; }

    /// <summary>The server's processor time for each delivery or handshake.</summary>
    public double? Cpu { get; init; }

    public double? P50 { get; init; }

    public double? P99 { get; init; }

    public double? P999 { get; init; }

    /// <summary>Until the last member had got a message.</summary>
    public double? LastP50 { get; init; }

    public double? LastP99 { get; init; }

    /// <summary>The server's resident memory at the end.</summary>
    public double ResidentMiB { get; init; }

    /// <summary>What each idle connection has added to it.</summary>
    public double? KiBPerConnection { get; init; }

    /// <summary>The share of its processor that the generator needed: near 100 % it is what was measured.</summary>
    public double? GeneratorLoad { get; init; }

    /// <summary>Texts that never came, of the whole run.</summary>
    public long Lost { get; init; }

    /// <summary>Texts that came after a later one of the same sender.</summary>
    public long OutOfOrder { get; init; }

    /// <summary>Texts that came twice.</summary>
    public long Doubled { get; init; }

    /// <summary>Texts from another room.</summary>
    public long Foreign { get; init; }

    /// <summary>Members that saw the texts of different senders in another order than the first member of their room.</summary>
    public long OtherOrder { get; init; }

    /// <summary>Connections that the server has ended.</summary>
    public long Closes { get; init; }

    /// <summary>Why it has ended the first.</summary>
    public string? FirstClose { get; init; }

    public static GeneratorResult Parse(string json) => JsonSerializer.Deserialize<GeneratorResult>(json)!;

    public string ToJson() => JsonSerializer.Serialize(this);
}
