namespace ChatKit.LoadTest.Growth;

/// <summary>What a point says about the server.</summary>
internal enum State
{
    /// <summary>The server has delivered everything in time.</summary>
    Measured,

    /// <summary>The server can't deliver that much.</summary>
    Saturated,

    /// <summary>Nothing: the generator was too slow, and the server had time left.</summary>
    Unknown,
}
