namespace ChatKit.LoadTest.Servers;

/// <summary>Applies host settings.</summary>
internal static class HostSettingsExtensions
{
    /// <summary>The environment variables for the server's process.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Variables(this HostSettings settings)
    {
        if (settings.HasFlag(HostSettings.InlineCompletions))
            yield return KeyValuePair.Create("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        if (settings.HasFlag(HostSettings.NoSpinning))
            yield return KeyValuePair.Create("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0");
        if (settings.HasFlag(HostSettings.NoProfiling))
            yield return KeyValuePair.Create("DOTNET_TieredPGO", "0");
        if (settings.HasFlag(HostSettings.NoTiering))
            yield return KeyValuePair.Create("DOTNET_TieredCompilation", "0");
        if (settings.HasFlag(HostSettings.SmallGenerations))
            yield return KeyValuePair.Create("DOTNET_GCGen0MaxBudget", "0x600000");
    }

    /// <summary>Applies the settings that can be applied inside the process, and reports the missing ones.</summary>
    public static void Apply(this HostSettings settings, IWebHostBuilder host)
    {
        if (settings.HasFlag(HostSettings.InlineScheduling))
            host.UseSockets(static options => options.UnsafePreferInlineScheduling = true);
        if (settings.HasFlag(HostSettings.Sockets))
            host.UseChatKitSockets();
        foreach (var (name, value) in settings.Variables())
        {
            if (Environment.GetEnvironmentVariable(name) != value)
                Console.Error.WriteLine($"Not in effect: start the process with {name}={value}.");
        }
    }
}
