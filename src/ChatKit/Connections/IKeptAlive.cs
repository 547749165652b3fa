namespace ChatKit.Connections;

/// <summary>A connection whose deadlines <see cref="KeepAlive"/> watches.</summary>
internal interface IKeptAlive
{
    /// <summary>The client is gone.</summary>
    void OnLost(Exception exception);

    /// <summary>Closes the connection because the client has sent no message for as long as it may.</summary>
    void CloseIdle(TimeSpan time);
}
