namespace ChatKit.LoadTest.Generator;

/// <summary>Receives the texts of all connections.</summary>
internal interface IFleetListener
{
    /// <param name="connection">The connection that received the text.</param>
    /// <param name="text">The text, starting with its stamp.</param>
    /// <param name="now">The time at which it was read.</param>
    void OnText(Connection connection, ReadOnlySpan<byte> text, long now);
}
