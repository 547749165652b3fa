using System.Diagnostics;

namespace ChatKit.ChaosTests.Harness;

/// <summary>Starts a process as tests do, so that a test can kill the one who has started it.</summary>
internal static class Parent
{
    public const string Command = "start-child";

    /// <summary>Starts a process that would live for long, writes its ID, and waits for the end of standard input.</summary>
    public static async Task RunAsync()
    {
        var child = 0;
        var starting = new Thread(() => child = StartChild());
        starting.Start();
        starting.Join();
        Console.WriteLine(child);
        await Console.In.ReadToEndAsync();
    }

    /// <summary>Whether a process runs. One that has ended, and that nobody has asked for its exit code, does not.</summary>
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
        // With output of its own: the test must not wait for the end of what the parent and the child write together.
        var child = ChildProcess.Start(new ProcessStartInfo("sleep", ["600"]) { RedirectStandardOutput = true, RedirectStandardError = true });

        // By then the signal is set: it must not be sent when only this thread ends.
        SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{child.Id}/comm").Trim() == "sleep", Patience.Limit);
        return child.Id;
    }
}
