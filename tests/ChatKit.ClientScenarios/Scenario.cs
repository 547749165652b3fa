using System.Reflection;
using ChatKit.ClientScenarios.Clients;
using ChatKit.ClientScenarios.Server;

namespace ChatKit.ClientScenarios;

/// <summary>Declares a scenario: a static method that takes a <see cref="Stage"/>, and perhaps the argument.</summary>
/// <param name="name">The section of docs/protocol.md, and what is tested, such as <c>gap/reset</c>.</param>
/// <param name="level">MUST, SHOULD, or "does" for what the protocol describes without either word.</param>
/// <param name="rule">The rule.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class ScenarioAttribute(string name, string level, string rule) : Attribute
{
    public string Name => name;

    public string Level => level;

    public string Rule => rule;

    /// <summary>The second argument of the method, if it has one.</summary>
    public int Argument { get; set; }
}

/// <summary>A server that behaves in a certain way, and what a client must do and report.</summary>
internal sealed record Scenario(string Name, string Level, string Rule, Func<Stage, Task> Play)
{
    /// <summary>All scenarios, in the order of their names.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        .. from type in typeof(Scenario).Assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
           from attribute in method.GetCustomAttributes<ScenarioAttribute>()
           orderby attribute.Name
           select new Scenario(attribute.Name, attribute.Level, attribute.Rule, ToPlay(method, attribute)),
    ];

    /// <summary>Runs the scenario with a client.</summary>
    public async Task RunAsync(DriverPool clients)
    {
        using var server = await ScenarioServer.StartAsync();
        var lines = await clients.OpenAsync();
        var client = new ClientUnderTest(lines);
        try
        {
            await Play(new Stage(server, client));
        }
        catch (Exception e)
        {
            // What the client did shows why.
            throw new ScenarioException($"{e.Message}\n{client.Describe()}{server.Describe()}", e);
        }
        finally
        {
            await clients.ReleaseAsync(lines);
        }
    }

    /// <summary>Runs the scenario with a client. Returns the problem; null if there is none.</summary>
    public async Task<string?> TryAsync(DriverPool clients)
    {
        try
        {
            await RunAsync(clients);
            return null;
        }
        catch (Exception e)
        {
            return e.Message;
        }
    }

    public override string ToString() => Name;

    private static Func<Stage, Task> ToPlay(MethodInfo method, ScenarioAttribute attribute) => method.GetParameters().Length == 1
        ? method.CreateDelegate<Func<Stage, Task>>()
        : stage => method.CreateDelegate<Func<Stage, int, Task>>()(stage, attribute.Argument);
}

/// <summary>The client doesn't do what a scenario demands.</summary>
internal sealed class ScenarioException(string message, Exception cause) : Exception(message, cause);
