using System.Reflection;
using Microsoft.Extensions.Logging;

namespace ChatKit.Tests.Diagnostics;

public class LogEventTests
{
    private static readonly List<(MethodInfo Method, LoggerMessageAttribute Event)> Events = [..
        typeof(WebSocketHandler).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            .Select(static method => (Method: method, Event: method.GetCustomAttribute<LoggerMessageAttribute>()!))
            .Where(static found => found.Event is not null)];

    [Fact]
    public void Every_event_has_a_unique_id()
    {
        Assert.NotEmpty(Events);
        Assert.All(Events, static found => Assert.True(found.Event.EventId > 0, found.Method.Name));
        Assert.All(
            Events.GroupBy(static found => found.Event.EventId),
            static sameId => Assert.True(sameId.Count() == 1, string.Join(", ", sameId.Select(static found => found.Method.Name))));
    }

    [Fact]
    public void Every_event_is_a_sentence() =>
        Assert.All(Events, static found => Assert.Matches(@"^\{?[A-Z].*[^.]\.?$", found.Event.Message));
}
