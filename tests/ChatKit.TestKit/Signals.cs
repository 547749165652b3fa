using System.Diagnostics;

namespace ChatKit.TestKit;

/// <summary>Signals that .NET has no API for.</summary>
public static class Signals
{
    /// <summary>Suspends a process for a while.</summary>
    public static async Task FreezeAsync(int process, TimeSpan time)
    {
        await SuspendAsync(process);
        try
        {
            await Task.Delay(time);
        }
        finally
        {
            await ResumeAsync(process);
        }
    }

    /// <summary>Suspends a process, and waits until all its threads have stopped. Its connections stay open.</summary>
    public static async Task SuspendAsync(int process)
    {
        await SendAsync("-STOP", process);
        await Patience.UntilAsync(
            () => !Directory.Exists($"/proc/{process}")
                || Directory.GetDirectories($"/proc/{process}/task").All(static thread => IsStopped($"{thread}/stat")),
            "the process is suspended");
    }

    /// <summary>Lets a suspended process go on.</summary>
    public static Task ResumeAsync(int process) => SendAsync("-CONT", process);

    /// <summary>Asks a process to end and waits until it has. Returns its exit code.</summary>
    public static async Task<int> TerminateAsync(Process process)
    {
        await SendAsync("-TERM", process.Id);
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

    /// <summary>Whether a thread is stopped, or has ended (proc_pid_stat(5)). Its name is in parentheses, and can contain any character.</summary>
    private static bool IsStopped(string stat)
    {
        try
        {
            var text = File.ReadAllText(stat);
            return text[text.LastIndexOf(')') + 2] is 'T' or 't' or 'X' or 'Z';
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static async Task SendAsync(string signal, int process)
    {
        using var kill = Process.Start("kill", [signal, $"{process}"]);
        await kill.WaitForExitAsync();
    }
}
