namespace ChatKit.Client.Connections;

/// <summary>What tests observe and influence besides events. All members but the last are called under the session's lock.</summary>
internal interface IClientProbe
{
    void OnEvent(ChatEvent happened);

    /// <summary>The server has accepted a connection.</summary>
    void OnWelcome();

    /// <summary>The server has let the client into a room that it has asked to join, for the first time.</summary>
    void OnEntered(string room);

    /// <summary>Ends when the client reads on.</summary>
    Task BeforeReceiveAsync(CancellationToken ending);
}
