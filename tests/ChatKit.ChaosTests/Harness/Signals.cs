using System.Diagnostics;

namespace ChatKit.ChaosTests.Harness;

/// <summary>Signals that .NET has no word for.</summary>
internal static class Signals
{
    /// <summary>Lets a process stand still for a while. It notices nothing but that time has passed.</summary>
    public static async Task FreezeAsync(int process, TimeSpan time)
    {
        await SendAsync("-STOP", process);
        try
        {
            await Task.Delay(time);
        }
        finally
        {
            await SendAsync("-CONT", process);
        }
    }

    private static async Task SendAsync(string signal, int process)
    {
        using var kill = Process.Start("kill", [signal, $"{process}"]);
        await kill.WaitForExitAsync();
    }
}
