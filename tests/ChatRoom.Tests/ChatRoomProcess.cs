using System.Diagnostics;
using System.Net.WebSockets;
using System.Reflection;
using System.Text.RegularExpressions;

namespace ChatRoom.Tests;

/// <summary>The sample as a process, started as users start it.</summary>
internal sealed partial class ChatRoomProcess : IAsyncDisposable
{
    private static readonly string Assembly = typeof(ChatRoomProcess).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "ChatRoom").Value!;

    private readonly DotnetProcess _process;
    private readonly ServerOutput _output = new(Opens());

    private ChatRoomProcess(string[] arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        _process = DotnetProcess.Start(Assembly, arguments, _output.Add, _output.Add, variables: environment);

    /// <summary>The address of the page.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>The output of the sample.</summary>
    public string Output => _output.ToString();

    /// <summary>Starts the sample, by default on any free port, and waits until it listens.</summary>
    public static Task<ChatRoomProcess> StartAsync(params string[] arguments) => StartAsync(new Dictionary<string, string>(), arguments);

    /// <summary>Starts the sample with additional environment variables.</summary>
    public static async Task<ChatRoomProcess> StartAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var process = new ChatRoomProcess(arguments.Contains("--port") ? arguments : ["--port", "0", .. arguments], environment);
        process.Address = await process._output.ListensAsync(process);
        return process;
    }

    /// <summary>Runs the sample until it ends by itself.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        await using var process = new ChatRoomProcess(arguments);
        await process._process.WaitForExitAsync().Soon();
        return (process._process.Look().ExitCode, process.Output);
    }

    /// <summary>Connects a client with a subprotocol, or with none, in which case messages are plain texts.</summary>
    public async Task<ClientWebSocket> ConnectAsync(string path, string? subprotocol = null)
    {
        var client = new ClientWebSocket();
        if (subprotocol is not null)
            client.Options.AddSubProtocol(subprotocol);
        await client.ConnectAsync(new UriBuilder(new Uri(Address, path)) { Scheme = "ws" }.Uri, CancellationToken.None).Soon();
        return client;
    }

    /// <summary>Connects a client that uses chatkit.v1.</summary>
    public Task<ClientWebSocket> ConnectV1Async(string path) => ConnectAsync(path, "chatkit.v1");

    /// <summary>Asks the sample to end, as Ctrl+C and service managers do. Returns its exit code and the time it took.</summary>
    public async Task<(int ExitCode, TimeSpan Took)> StopAsync()
    {
        var start = Stopwatch.GetTimestamp();
        var exitCode = await Signals.TerminateAsync(_process.Look()).Soon();
        return (exitCode, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Ends the sample without warning, if it has not ended, and waits until it has.</summary>
    public Task KillAsync() => _process.KillAsync();

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    [GeneratedRegex("^Open (http://\\S+) in your browser")]
    private static partial Regex Opens();
}
