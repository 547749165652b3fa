using System.Globalization;

namespace ChatKit.StressTests.Attacks;

/// <summary>The attackers in a separate process.</summary>
internal sealed class AttackProcess : IAsyncDisposable
{
    /// <summary>A time-out that is long enough for a process with low priority on a busy machine.</summary>
    private static readonly TimeSpan SpeechLimit = TimeSpan.FromMinutes(2);

    private readonly DotnetProcess _process;

    private AttackProcess(string name, int port, AttackOptions options)
    {
        string[] arguments = [CommandLine.Attack, name, "--port", $"{port}", "--share", options.Share.ToString(CultureInfo.InvariantCulture)];
        _process = DotnetProcess.Start(
            typeof(AttackProcess).Assembly, arguments, onOutput: null, Console.Error.WriteLine, options.AttackersYield);
    }

    /// <summary>Starts the process and waits until the attack has started.</summary>
    public static async Task<AttackProcess> StartAsync(string name, int port, AttackOptions options)
    {
        var process = new AttackProcess(name, port, options);
        try
        {
            await process._process.ReadLineAsync(SpeechLimit);
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the attack. Returns the number of actions and of connections.</summary>
    public async Task<(long Done, long Connections)> StopAsync()
    {
        _process.Input.Close();
        var said = (await _process.ReadLineAsync(SpeechLimit)).Split(' ');
        return (long.Parse(said[0], CultureInfo.InvariantCulture), long.Parse(said[1], CultureInfo.InvariantCulture));
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    /// <summary>What the process does.</summary>
    public static async Task AttackAsync(string name, int port, double share)
    {
        var attack = AttackCatalog.Create().Single(one => one.Name == name);
        using var stop = new CancellationTokenSource();
        var running = attack.RunAsync(port, share, stop.Token);
        Console.WriteLine("begun");
        await Console.In.ReadToEndAsync();
        var (done, connections) = (attack.Done, attack.Connections);
        await stop.CancelAsync();
        await running;
        Console.WriteLine($"{done} {connections}");
    }
}
