using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Tests;

public class LogEventTests
{
    [Fact]
    public void Every_log_event_has_a_unique_id()
    {
        Assembly[] assemblies =
            [typeof(WebSocketHandler).Assembly, typeof(WebSocketEndpointOptions).Assembly, typeof(Monitor.MonitorOptions).Assembly];
        var events = assemblies
            .SelectMany(static assembly => assembly.GetTypes())
            .SelectMany(static type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(static method => (method.Name, Id: method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId))
            .Where(static e => e.Id is not null)
            .ToList();

        Assert.NotEmpty(events);
        Assert.All(events, static e => Assert.True(e.Id > 0, $"{e.Name} has no id"));
        var doubles = events.GroupBy(static e => e.Id).Where(static g => g.Count() > 1).Select(static g => string.Join(" and ", g));
        Assert.Empty(doubles);
    }
}
