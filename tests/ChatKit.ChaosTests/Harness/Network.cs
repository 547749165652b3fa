namespace ChatKit.ChaosTests.Harness;

/// <summary>The network between the clients and the nodes.</summary>
internal sealed class Network(IEnumerable<Node> nodes) : IAsyncDisposable
{
    private readonly FaultyProxy[] _proxies = [.. nodes.Select(static node => new FaultyProxy(node.Port))];

    /// <summary>Sends the handshakes of the clients, over connections with small system buffers.</summary>
    public HttpMessageInvoker Invoker { get; } = SmallBuffers.CreateInvoker();

    /// <summary>Returns the address of any node for a client.</summary>
    public Uri AddressOf(Random random, string room, string? user = null) => AddressOf(random.Next(_proxies.Length), room, user);

    /// <summary>Returns the address of a node for a client.</summary>
    public Uri AddressOf(int node, string room, string? user = null) =>
        new($"ws://127.0.0.1:{_proxies[node].Port}/chat/{room}{(user is null ? "" : $"?{UnsteadyServer.User}={user}")}");

    /// <summary>The connections to one node.</summary>
    public IEnumerable<ProxiedConnection> To(int node) => _proxies[node].Connections;

    /// <summary>Returns one of all connections; null if there is none.</summary>
    /// <param name="which">A number from 0 to 1 that selects the connection.</param>
    public ProxiedConnection? Pick(double which)
    {
        var all = _proxies.SelectMany(static proxy => proxy.Connections).ToArray();
        return all.Length == 0 ? null : all[(int)(which * all.Length)];
    }

    public async ValueTask DisposeAsync()
    {
        Invoker.Dispose();
        foreach (var proxy in _proxies)
            await proxy.DisposeAsync();
    }
}
