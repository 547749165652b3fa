namespace ChatKit.StressTests.Storms;

/// <summary>What the clients of a storm do.</summary>
internal enum StormManner
{
    /// <summary>Join, read everything, and stay.</summary>
    Join,

    /// <summary>One client connects and leaves at once, as often as its bandwidth allows.</summary>
    Visit,

    /// <summary>Join, and read a kilobyte per second.</summary>
    Trickle,
}
