namespace ChatKit.AspNetCore.Tests.Conformance;

public class WaysTests
{
    /// <summary>A suite that a way has forgotten would not be missed otherwise.</summary>
    [Fact]
    public void Every_suite_is_run_over_every_way()
    {
        var types = typeof(ConformanceTests).Assembly.GetTypes();
        var suites = types.Where(static type => type.IsAbstract && type.BaseType == typeof(ConformanceTests));
        var ways = types.Where(static type => !type.IsAbstract && type.IsAssignableTo(typeof(EchoServer)))
            .Select(static type => type.DeclaringType);

        var run = types.Where(static type => !type.IsAbstract && type.IsAssignableTo(typeof(ConformanceTests)))
            .Select(static type => (type.DeclaringType, type.BaseType));

        Assert.Equivalent(ways.SelectMany(_ => suites, static (way, suite) => (way, suite)), run, strict: true);
    }
}
