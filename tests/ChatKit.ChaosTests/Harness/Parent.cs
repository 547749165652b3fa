using System.Diagnostics;

namespace ChatKit.ChaosTests.Harness;

/// <summary>Starts a process as tests do, so that a test can kill the parent process.</summary>
internal static class Parent
{
    public const string Command = "start-child";

    /// <summary>Starts a long-running process, writes its ID, and waits for the end of standard input.</summary>
    public static async Task RunAsync()
    {
        var child = 0;
        var starting = new Thread(() => child = StartChild());
        starting.Start();
        starting.Join();
        Console.WriteLine(child);
        await Console.In.ReadToEndAsync();
    }

    /// <summary>Whether a process is running. A zombie, whose exit code was not read, is not running.</summary>
    public static bool IsRunning(int process)
    {
        try
        {
            return !File.ReadLines($"/proc/{process}/status").Contains("State:\tZ (zombie)");
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static int StartChild()
    {
        // The child has its own output, so that the test does not wait for the end of an output that it shares with the parent.
        var child = ChildProcess.Start(new ProcessStartInfo("sleep", ["600"]) { RedirectStandardOutput = true, RedirectStandardError = true });

        // The signal is set by now. It must not be sent when only this thread ends.
        SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{child.Id}/comm").Trim() == "sleep", Patience.Limit);
        return child.Id;
    }
}
