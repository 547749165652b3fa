using System.Net;
using System.Net.Sockets;
using Garnet;

namespace TeamChat;

/// <summary>Garnet in this process, so that the sample needs no Redis. Its data is in memory, and gone at the end.</summary>
internal sealed class EmbeddedGarnet : IDisposable
{
    private readonly GarnetServer _server;

    public EmbeddedGarnet()
    {
        var port = Ports.Free();
        Endpoint = $"127.0.0.1:{port}";
        _server = new GarnetServer(
        [
            "--port", $"{port}", "--bind", "127.0.0.1",
            "--lua", "--lua-transaction-mode", // ChatKit needs both: each of its scripts must be one transaction.
            "--memory", "64m", "--index", "1m", "--disable-console-logger", "-q",
        ]);
        _server.Start();
    }

    public string Endpoint { get; }

    public void Dispose() => _server.Dispose();
}

internal static class Ports
{
    /// <summary>Returns a port on which nothing listens.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
