using System.Reflection;
using ChatKit.ClientScenarios.Clients;
using ChatRoom.Tests;

namespace ChatKit.ClientScenarios;

/// <summary>Runs all scenarios with a client.</summary>
public abstract class ScenarioTests
{
    public static TheoryData<string> Names => new(Scenario.All.Select(static scenario => scenario.Name));

    private protected static async Task RunAsync(IClients clients, string name)
    {
        var scenario = Scenario.All.Single(scenario => scenario.Name == name);
        if (KnownDeviations.Find(clients.Name, name) is not { } deviation)
        {
            await scenario.RunAsync(clients);
            return;
        }

        // A rule that the client follows by now must not be listed as a deviation.
        var problem = await scenario.TryAsync(clients);
        Assert.True(problem is not null, $"The client follows the rule. Remove this from {nameof(KnownDeviations)}: {deviation}");
    }
}

public sealed class DotnetClientTests(DotnetClientTests.Drivers drivers) : ScenarioTests, IClassFixture<DotnetClientTests.Drivers>
{
    [Theory]
    [MemberData(nameof(Names))]
    public Task The_dotnet_client_follows_the_protocol(string scenario) => RunAsync(drivers.Clients, scenario);

    public sealed class Drivers : IAsyncDisposable
    {
        private static readonly string Driver = typeof(Drivers).Assembly
            .GetCustomAttributes<AssemblyMetadataAttribute>().Single(static a => a.Key == "Driver").Value!;

        internal IClients Clients { get; } = new ProcessClients("ChatKit.Client", static () => ["dotnet", Driver]);

        public ValueTask DisposeAsync() => Clients.DisposeAsync();
    }
}

public sealed class NodeClientTests(NodeClientTests.Drivers drivers) : ScenarioTests, IClassFixture<NodeClientTests.Drivers>
{
    [Theory]
    [MemberData(nameof(Names))]
    public Task The_JavaScript_client_in_Node_follows_the_protocol(string scenario)
    {
        Requirement.Node();
        return RunAsync(drivers.Clients, scenario);
    }

    public sealed class Drivers : IAsyncDisposable
    {
        private readonly DirectoryInfo _modules = Directory.CreateTempSubdirectory("chatkit-scenarios-");

        public Drivers()
        {
            // Outside of the package, Node.js takes a .js file for a module only with this.
            File.WriteAllText(Path.Combine(_modules.FullName, "package.json"), """{"type":"module"}""");
            foreach (var path in Server.ScenarioServer.JavaScriptFiles)
                File.Copy(path, Path.Combine(_modules.FullName, Path.GetFileName(path)));
            Clients = new ProcessClients("chatkit.js in Node.js", Command);
        }

        internal IClients Clients { get; }

        public async ValueTask DisposeAsync()
        {
            await Clients.DisposeAsync();
            _modules.Delete(recursive: true);
        }

        private string[] Command() =>
        [
            Requirement.Node(), Path.Combine(Repository.Root, "clients/js/test/scenarios/node.js"), Path.Combine(_modules.FullName, "chatkit.js"),
        ];
    }
}

public sealed class BrowserClientTests : ScenarioTests
{
    private readonly PageClients _clients;

    public BrowserClientTests(Browser browser)
    {
        Requirement.Chromium();
        _clients = new PageClients(browser);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public Task The_JavaScript_client_in_chromium_follows_the_protocol(string scenario) => RunAsync(_clients, scenario);
}
