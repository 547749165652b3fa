namespace ChatKit.LoadTest.Generator;

/// <summary>Is told what the connections get.</summary>
internal interface IFleetListener
{
    /// <param name="connection">Who got it.</param>
    /// <param name="text">The text, from its stamp on.</param>
    /// <param name="now">When it was read.</param>
    void OnText(Connection connection, ReadOnlySpan<byte> text, long now);
}
