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

    /// <summary>Suspends a process. Its connections stay open.</summary>
    public static Task SuspendAsync(int process) => SendAsync("-STOP", process);

    /// <summary>Lets a suspended process go on.</summary>
    public static Task ResumeAsync(int process) => SendAsync("-CONT", process);

    /// <summary>Asks a process to end and waits until it has. Returns its exit code.</summary>
    public static async Task<int> TerminateAsync(Process process)
    {
        await SendAsync("-TERM", process.Id);
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

    private static async Task SendAsync(string signal, int process)
    {
        using var kill = Process.Start("kill", [signal, $"{process}"]);
        await kill.WaitForExitAsync();
    }
}
