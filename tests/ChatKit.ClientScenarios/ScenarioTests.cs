using System.Reflection;
using ChatKit.ClientScenarios.Clients;
using ChatRoom.Tests;

namespace ChatKit.ClientScenarios;

/// <summary>Runs all scenarios with a client.</summary>
public abstract class ScenarioTests
{
    public static TheoryData<string> Names => [.. Scenario.All.Select(static scenario => scenario.Name)];

    private protected static async Task RunAsync(Rehearsal rehearsal, string name)
    {
        var problem = await rehearsal.RunAsync(name);
        if (KnownDeviations.Find(rehearsal.Client, name) is { } deviation)
            Assert.True(problem is not null, $"The client follows the rule. Remove this from {nameof(KnownDeviations)}: {deviation}");
        else
            Assert.True(problem is null, problem);
    }
}

/// <summary>Runs scenarios with a client, also some ahead of the tests that ask for them, because they wait for most of their time.</summary>
internal sealed class Rehearsal(DriverPool clients) : IAsyncDisposable
{
    private const int Ahead = 3;

    private readonly SemaphoreSlim _free = new(1 + Ahead);
    private readonly Dictionary<string, Task<string?>> _runs = [];

    /// <summary>The name of the client.</summary>
    public string Client => clients.Name;

    /// <summary>Returns the problem of the client in a scenario; null if there is none.</summary>
    public Task<string?> RunAsync(string name)
    {
        lock (_runs)
        {
            foreach (var scenario in Scenario.All.SkipWhile(scenario => scenario.Name != name).Take(1 + Ahead))
            {
                if (!_runs.ContainsKey(scenario.Name))
                    _runs.Add(scenario.Name, Task.Run(() => RunAsync(scenario)));
            }

            return _runs[name];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_runs.Values);
        await clients.DisposeAsync();
        _free.Dispose();
    }

    private async Task<string?> RunAsync(Scenario scenario)
    {
        await _free.WaitAsync();
        try
        {
            return await scenario.TryAsync(clients);
        }
        finally
        {
            _free.Release();
        }
    }
}

public sealed class DotnetClientTests(DotnetClientTests.Drivers drivers) : ScenarioTests, IClassFixture<DotnetClientTests.Drivers>
{
    [Theory]
    [MemberData(nameof(Names))]
    public Task The_dotnet_client_follows_the_protocol(string scenario) => RunAsync(drivers.Rehearsal, scenario);

    public sealed class Drivers : IAsyncDisposable
    {
        private static readonly string Driver = typeof(Drivers).Assembly
            .GetCustomAttributes<AssemblyMetadataAttribute>().Single(static a => a.Key == "Driver").Value!;

        internal Rehearsal Rehearsal { get; } = new(new ProcessClients("ChatKit.Client", static () => ["dotnet", Driver]));

        public ValueTask DisposeAsync() => Rehearsal.DisposeAsync();
    }
}

public sealed class NodeClientTests(NodeClientTests.Drivers drivers) : ScenarioTests, IClassFixture<NodeClientTests.Drivers>
{
    [Theory]
    [MemberData(nameof(Names))]
    public Task The_JavaScript_client_in_Node_follows_the_protocol(string scenario)
    {
        Requirement.Node();
        return RunAsync(drivers.Rehearsal, scenario);
    }

    public sealed class Drivers : IAsyncDisposable
    {
        private readonly DirectoryInfo _modules = Directory.CreateTempSubdirectory("chatkit-scenarios-");

        public Drivers()
        {
            // Outside of the package, Node.js takes a .js file for a module only with this.
            File.WriteAllText(Path.Combine(_modules.FullName, "package.json"), """{"type":"module"}""");
            foreach (var path in Server.ScenarioHost.JavaScriptFiles)
                File.Copy(path, Path.Combine(_modules.FullName, Path.GetFileName(path)));
            Rehearsal = new Rehearsal(new ProcessClients("chatkit.js in Node.js", Command));
        }

        internal Rehearsal Rehearsal { get; }

        public async ValueTask DisposeAsync()
        {
            await Rehearsal.DisposeAsync();
            _modules.Delete(recursive: true);
        }

        private string[] Command() =>
        [
            Requirement.Node(), Path.Combine(Repository.Root, "clients/js/test/scenarios/node.js"), Path.Combine(_modules.FullName, "chatkit.js"),
        ];
    }
}

public sealed class BrowserClientTests(BrowserClientTests.Pages pages) : ScenarioTests, IClassFixture<BrowserClientTests.Pages>
{
    [Theory]
    [MemberData(nameof(Names))]
    public Task The_JavaScript_client_in_chromium_follows_the_protocol(string scenario)
    {
        Requirement.Chromium();
        return RunAsync(pages.Rehearsal, scenario);
    }

    public sealed class Pages(Browser browser) : IAsyncDisposable
    {
        internal Rehearsal Rehearsal { get; } = new(new PageClients(browser));

        public ValueTask DisposeAsync() => Rehearsal.DisposeAsync();
    }
}
