namespace ChatKit.LoadTest.Generator.Http;

/// <summary>Receives the data of events.</summary>
internal interface IEventListener
{
    /// <param name="data">The data of an event, which is one line.</param>
    /// <param name="now">The time at which it was read.</param>
    void OnEvent(ReadOnlySpan<byte> data, long now);
}
