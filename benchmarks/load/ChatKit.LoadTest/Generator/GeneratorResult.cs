using System.Text.Json;

namespace ChatKit.LoadTest.Generator;

/// <summary>The results of one run. A value is null if the workload does not measure it. Times are in microseconds.</summary>
internal sealed record GeneratorResult
{
    /// <summary>Texts that members received per second.</summary>
    public double? DeliveriesPerSecond { get; init; }

    /// <summary>Texts that were sent per second.</summary>
    public double? MessagesPerSecond { get; init; }

    /// <summary>Connections that were opened per second.</summary>
    public double? HandshakesPerSecond { get; init; }

    /// <summary>The server's processor time for each delivery or handshake.</summary>
    public double? Cpu { get; init; }

    /// <summary>The server's processor time for opening each of many connections, in a process that has just started.</summary>
    public double? ConnectCpu { get; init; }

    /// <summary>The HTTP requests that were sent for each delivery.</summary>
    public double? Requests { get; init; }

    /// <summary>The bytes that were sent and received for each delivery.</summary>
    public double? Bytes { get; init; }

    public double? P50 { get; init; }

    public double? P99 { get; init; }

    public double? P999 { get; init; }

    /// <summary>The time until the last member received a message.</summary>
    public double? LastP50 { get; init; }

    public double? LastP99 { get; init; }

    /// <summary>The server's resident memory at the end.</summary>
    public double ResidentMiB { get; init; }

    /// <summary>The memory that each idle connection added.</summary>
    public double? KiBPerConnection { get; init; }

    /// <summary>The share of its processor that the generator used. Near 100 %, the run measured the generator.</summary>
    public double? GeneratorLoad { get; init; }

    /// <summary>Texts that never arrived, in the whole run.</summary>
    public long Lost { get; init; }

    /// <summary>Texts that arrived after a later one of the same sender.</summary>
    public long OutOfOrder { get; init; }

    /// <summary>Texts that arrived twice.</summary>
    public long Doubled { get; init; }

    /// <summary>Texts from another room.</summary>
    public long Foreign { get; init; }

    /// <summary>Members that received the texts of different senders in another order than the first member of their room.</summary>
    public long OtherOrder { get; init; }

    /// <summary>Connections that the server has ended.</summary>
    public long Closes { get; init; }

    /// <summary>Why the server ended the first of them.</summary>
    public string? FirstClose { get; init; }

    public static GeneratorResult Parse(string json) => JsonSerializer.Deserialize<GeneratorResult>(json)!;

    public string ToJson() => JsonSerializer.Serialize(this);
}
