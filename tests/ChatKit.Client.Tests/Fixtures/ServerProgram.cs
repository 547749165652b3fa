using System.Globalization;

namespace ChatKit.Client.Tests.Fixtures;

/// <summary>A server in a process of its own, which can be killed.</summary>
internal static class ServerProgram
{
    public const string Command = "serve";

    /// <param name="port">The port; 0 for any.</param>
    public static async Task<(DotnetProcess Process, Uri Address)> StartAsync(int port = 0)
    {
        var process = DotnetProcess.Start(
            typeof(ServerProgram).Assembly, [Command, port.ToString(CultureInfo.InvariantCulture)], onOutput: null, Console.Error.WriteLine);
        return (process, new Uri(await process.ReadLineAsync()));
    }

    public static async Task<int> RunAsync(string[] ports)
    {
        await using var server = await RealServer.StartAsync(
            static options => options.TrackPresence = false, int.Parse(ports[0], CultureInfo.InvariantCulture));
        Console.WriteLine(server.Address);
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
