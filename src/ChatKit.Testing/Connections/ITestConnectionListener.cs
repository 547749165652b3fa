namespace ChatKit.Testing.Connections;

/// <summary>Is notified of what a connection receives, one call at a time.</summary>
internal interface ITestConnectionListener
{
    void OnMessage(TestConnection connection, ReadOnlyMemory<byte> message);

    void OnClosed(TestConnection connection, CloseInfo close);
}
