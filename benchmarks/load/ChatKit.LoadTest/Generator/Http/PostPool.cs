namespace ChatKit.LoadTest.Generator.Http;

/// <summary>
/// The connections that carry POSTs. All clients share them, as behind a reverse proxy, so that a client has no second connection that
/// the server would have to keep.
/// </summary>
internal sealed class PostPool(Fleet fleet)
{
    private readonly Stack<PostSocket> _free = [];

    /// <summary>Sends a request. The response must report success, and its body is ignored.</summary>
    /// <param name="request">The request.</param>
    /// <param name="sender">The client, which is notified of the response.</param>
    public void Send(ReadOnlySpan<byte> request, HttpConnection sender)
    {
        PostSocket? socket;
        do
        {
            if (!_free.TryPop(out socket))
                socket = PostSocket.Open(fleet);
        }
        while (!socket.IsConnected);
        socket.Send(request, sender);
    }

    public void Return(PostSocket socket) => _free.Push(socket);
}
