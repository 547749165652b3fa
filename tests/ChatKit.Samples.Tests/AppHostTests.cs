using System.Globalization;
using System.Net.Http.Json;

namespace ChatKit.Samples.Tests;

public sealed class AppHostTests
{
    /// <summary>The sample isn't in ChatKit.sln, because the packages of Aspire are large.</summary>
    [Fact]
    public async Task Two_nodes_share_a_room()
    {
        var program = Sample.ProgramOf("AppHost");
        Assert.SkipUnless(File.Exists(program), "samples/AppHost isn't built; run: dotnet build build/All.slnx");
        var port = RedisServer.FreePort();
        using var http = new HttpClient();
        await using var host = DotnetProcess.Start(
            program,
            ["--port", port.ToString(CultureInfo.InvariantCulture)],
            Console.WriteLine,
            Console.WriteLine,
            variables: Variables());

        await UntilReadyAsync(port);
        await UntilReadyAsync(port + 1);
        var sent = await http.PostAsJsonAsync(Lobby(port), new { data = "hello" }).Soon();
        var page = await http.GetStringAsync(Lobby(port + 1)).Soon();

        Assert.True(sent.IsSuccessStatusCode);
        Assert.Contains("\"data\":\"hello\"", page);
        await Signals.TerminateAsync(host.Look()).Soon(); // It ends the nodes.

        Task UntilReadyAsync(int port) => Patience.UntilAsync(
            async () =>
            {
                try
                {
                    return (await http.GetAsync(new Uri($"http://127.0.0.1:{port}/health/ready"))).IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            $"a node is ready at port {port}");
    }

    private static Uri Lobby(int port) => new($"http://127.0.0.1:{port}/chat/lobby");

    private static Dictionary<string, string> Variables() => new()
    {
        ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true",
        ["ASPNETCORE_URLS"] = Free(),
        ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = Free(),
        ["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = Free(),
    };

    private static string Free() => $"http://localhost:{RedisServer.FreePort()}";
}
