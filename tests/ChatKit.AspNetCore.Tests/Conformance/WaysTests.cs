using System.Reflection;

namespace ChatKit.AspNetCore.Tests.Conformance;

public class WaysTests
{
    /// <summary>Without this test, a suite that is missing in one way would not be noticed.</summary>
    [Fact]
    public void Every_suite_runs_on_every_transport_that_can_change_its_outcome()
    {
        var types = typeof(ConformanceTests).Assembly.GetTypes();
        var suites = types.Where(static type => type.IsAbstract && type.BaseType == typeof(ConformanceTests));
        var ways = types.Where(static type => !type.IsAbstract && type.IsAssignableTo(typeof(EchoServer)))
            .Select(static type => type.DeclaringType!).ToArray();

        var run = types.Where(static type => !type.IsAbstract && type.IsAssignableTo(typeof(ConformanceTests)))
            .Select(static type => (type.DeclaringType!, type.BaseType!));

        Assert.Equivalent(suites.SelectMany(suite => WaysOf(suite, ways), static (suite, way) => (way, suite)), run, strict: true);
    }

    private static Type[] WaysOf(Type suite, Type[] all) => suite.GetCustomAttribute<DependsOnAttribute>()?.Aspect switch
    {
        Aspect.Request => [typeof(OverSocket), typeof(OverEpoll)],
        Aspect.Bytes => [typeof(OverSocket), typeof(InPieces), typeof(OverEpoll)],
        Aspect.Carrier => all,
        _ => throw new InvalidOperationException($"{suite.Name} does not say what it depends on."),
    };
}
