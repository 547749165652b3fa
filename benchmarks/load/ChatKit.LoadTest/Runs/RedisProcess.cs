namespace ChatKit.LoadTest.Runs;

/// <summary>A separate Redis on the generator's processor, which writes nothing to disk.</summary>
internal sealed class RedisProcess : IDisposable
{
    private readonly ChildProcess _process;

    private RedisProcess(string program, int port)
    {
        Endpoint = $"127.0.0.1:{port}";
        _process = ChildProcess.StartServer(
            Cores.Generator, port, program, ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    }

    public string Endpoint { get; }

    public static RedisProcess Start() =>
        new(
            Programs.Find("redis-server") ?? throw new IOException("redis-server is not installed; run 'apt-get install redis-server'."),
            ChildProcess.FreePort());

    public void Dispose() => _process.Dispose();
}
