namespace ChatKit.LoadTest.Generator.Http;

/// <summary>Receives the parts of HTTP responses.</summary>
internal interface IResponseListener
{
    /// <param name="status">The status code.</param>
    void OnHead(int status);

    /// <param name="part">The part of the body that has arrived.</param>
    /// <param name="now">The time at which it was read.</param>
    void OnBody(ReadOnlySpan<byte> part, long now);

    /// <param name="now">The time at which the end of the body was read.</param>
    void OnEnd(long now);
}
