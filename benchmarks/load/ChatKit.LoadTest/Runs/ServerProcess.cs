using System.Net;

namespace ChatKit.LoadTest.Runs;

/// <summary>A server that runs on its processor until it is disposed.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly ChildProcess _process;

    private ServerProcess(ChildProcess process, int port) => (_process, Address) = (process, new IPEndPoint(IPAddress.Loopback, port));

    public IPEndPoint Address { get; }

    public int Id => _process.Id;

    /// <summary>The last lines on standard error.</summary>
    public string Said => _process.Said;

    /// <summary>Starts a server and waits until it accepts connections.</summary>
    /// <param name="server">The server.</param>
    /// <param name="redis">The address of Redis; null for none.</param>
    /// <param name="variables">Variables of its environment, besides its own.</param>
    /// <exception cref="IOException">The server has failed.</exception>
    public static ServerProcess Start(ServerSpec server, string? redis = null, IEnumerable<KeyValuePair<string, string>>? variables = null)
    {
        var port = ChildProcess.FreePort();
        return new ServerProcess(
            ChildProcess.StartServer(Cores.Server, port, server.File, server.Arguments(port, redis), [.. server.Variables, .. variables ?? []]),
            port);
    }

    public void Dispose() => _process.Dispose();
}
