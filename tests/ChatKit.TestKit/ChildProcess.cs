using System.Collections.Concurrent;
using System.Diagnostics;

namespace ChatKit.TestKit;

/// <summary>
/// Starts the processes that tests need. On Linux, the kernel kills each of them when this process ends for any reason, so that no process
/// is left if a test is skipped too late, the runner is killed, or it crashes.
/// </summary>
/// <remarks>
/// The kernel signals the children of a thread, not of a process, when their parent ends. So a single thread starts all of them, and never
/// ends on its own.
/// </remarks>
public static class ChildProcess
{
    private const string Wrapper = "setpriv";

    /// <summary>
    /// The wrapper sets the signal and then replaces itself with the program, so the process ID and the exit code are the program's.
    /// </summary>
    private static readonly string[] WrapperArguments = ["--pdeathsig", "KILL"];

    private static readonly BlockingCollection<Action> Starts = [];

    private static readonly Lazy<bool> IsWrapped = new(() =>
    {
        new Thread(StartAll) { IsBackground = true, Name = nameof(ChildProcess) }.Start();
        return OperatingSystem.IsLinux() && HasWrapper();
    });

    /// <summary>Whether the kernel kills the children of this process when it ends. On other systems, they run until a test disposes them.</summary>
    public static bool EndsWithParent => IsWrapped.Value;

    /// <summary>Starts a process.</summary>
    /// <param name="start">The program and its options. The arguments must be in <see cref="ProcessStartInfo.ArgumentList"/>.</param>
    public static Process Start(ProcessStartInfo start)
    {
        if (IsWrapped.Value)
        {
            string[] wrapped = [.. WrapperArguments, start.FileName, .. start.ArgumentList];
            start.FileName = Wrapper;
            start.ArgumentList.Clear();
            foreach (var argument in wrapped)
                start.ArgumentList.Add(argument);
        }

        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Starts.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        return started.Task.GetAwaiter().GetResult();
    }

    private static void StartAll()
    {
        foreach (var start in Starts.GetConsumingEnumerable())
            start();
    }

    /// <summary>Whether the wrapper is installed and supports the option. Only the one from util-linux does.</summary>
    private static bool HasWrapper()
    {
        try
        {
            using var probe = Process.Start(new ProcessStartInfo(Wrapper, [.. WrapperArguments, "true"]) { RedirectStandardError = true })!;
            probe.WaitForExit();
            return probe.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
