using System.Diagnostics;
using ChatKit.Tests.Fixtures;
using ChatKit.Tests.Redis;

namespace ChatKit.Tests.Diagnostics;

public sealed class ChatKitTracingTests(RedisServer redis) : IClassFixture<RedisServer>
{
    private readonly string _room = $"room-{Guid.NewGuid():n}";

    [Fact]
    public async Task A_message_is_one_trace_from_its_sender_to_the_members()
    {
        using var spans = new Spans(_room);
        await using var host = new ChatHost();
        var connection = await host.EnterBroadcastingAsync(_room);
        await connection.Client.SendAsync("hello");
        await connection.Client.ReceiveTextAsync();

        var delivered = Assert.Single(await spans.WaitAsync("deliver"));
        var published = Assert.Single(await spans.WaitAsync("publish"));
        var handled = (await spans.WaitAsync("handle", 2))[1];
        Assert.Equal(handled.SpanId, published.ParentSpanId);
        Assert.Equal(published.SpanId, delivered.ParentSpanId);
        Assert.Equal(handled.TraceId, delivered.TraceId);
        Assert.Equal((ActivityKind.Consumer, ActivityKind.Producer, ActivityKind.Consumer), (handled.Kind, published.Kind, delivered.Kind));

        var top = (await host.History.ReadAsync(_room)).Top;
        Assert.Equal($"{top}", delivered.GetTagItem("messaging.message.id"));
        Assert.Equal($"{top}", published.GetTagItem("messaging.message.id"));
        Assert.Equal(
            ["chatkit", "deliver", "process", "5"],
            new[] { "system", "operation.name", "operation.type", "message.body.size" }.Select(tag => $"{delivered.GetTagItem($"messaging.{tag}")}"));
        Assert.DoesNotContain(spans.Ended.SelectMany(static span => span.TagObjects), static tag => $"{tag.Value}".Contains("hello"));
    }

    [Fact]
    public async Task Each_message_of_a_connection_starts_a_trace_that_is_linked_to_the_request()
    {
        using var spans = new Spans(_room);
        await using var host = new ChatHost();
        using var request = new Activity("request").Start();
        var connection = await host.EnterBroadcastingAsync(_room);
        await connection.Client.SendAsync("hello");
        await connection.Client.ReceiveTextAsync();

        var handled = await spans.WaitAsync("handle", 2);
        Assert.Equal(3, handled.Select(static span => span.TraceId).Append(request.TraceId).Distinct().Count());
        Assert.All(handled, span => Assert.Equal(request.Context, Assert.Single(span.Links).Context));
        Assert.All(handled, span => Assert.Equal(connection.Handler.Connection.Id, span.GetTagItem("chatkit.connection.id")));
    }

    [Fact]
    public async Task A_broadcast_of_the_application_belongs_to_its_current_activity()
    {
        using var spans = new Spans(_room);
        await using var host = new ChatHost();
        using var work = new Activity("work").Start();
        await host.Broadcaster.BroadcastAsync(_room, "hello");

        Assert.Equal(work.SpanId, Assert.Single(spans.Ended).ParentSpanId);
        Assert.Same(work, Activity.Current);
    }

    [Fact]
    public async Task A_trace_continues_on_every_node_through_Redis()
    {
        using var spans = new Spans(_room);
        var prefix = RedisHost.NewPrefix();
        await using var here = RedisNode.Start(redis.Configuration, prefix);
        await using var there = RedisNode.Start(redis.Configuration, prefix);
        var (ann, bob) = (await here.EnterBroadcastingAsync(_room), await there.EnterBroadcastingAsync(_room));
        await ann.Client.SendAsync("stored");
        await bob.Client.ReceiveTextAsync();
        await here.Broadcaster.BroadcastAsync(_room, "not stored", new RoomBroadcastOptions { Store = false });
        await bob.Client.ReceiveTextAsync();

        var delivered = await spans.WaitAsync("deliver", 4);
        var published = await spans.WaitAsync("publish", 2);
        foreach (var publishing in published)
        {
            var parts = delivered.Where(span => span.ParentSpanId == publishing.SpanId).ToList();
            Assert.Equal(2, parts.Count);
            Assert.All(parts, part => Assert.Equal((publishing.TraceId, true), (part.TraceId, part.HasRemoteParent)));
        }

        var handled = await spans.WaitAsync("handle", 3);
        Assert.Contains(handled, span => span.SpanId == published[0].ParentSpanId && span.TraceId == published[0].TraceId);
    }

    [Fact]
    public async Task A_message_whose_trace_is_not_recorded_carries_no_trace_context()
    {
        using var spans = new Spans(_room, ActivitySamplingResult.PropagationData);
        await using var host = new ChatHost();
        await host.Broadcaster.BroadcastAsync(_room, "hello");

        Assert.Null(Assert.Single((await host.History.ReadAsync(_room)).Messages).TraceParent);
    }

    [Fact]
    public async Task A_failed_span_has_the_type_of_the_exception_but_not_its_message()
    {
        using var spans = new Spans(_room);
        await using var host = new ChatHost();
        var handler = new ScriptedHandler { Message = static (_, _) => throw new InvalidOperationException("secret") };
        var connection = host.Connect(_room, handler);
        await connection.Client.SendAsync("hello");

        var handled = Assert.Single(await spans.WaitAsync("handle"));
        Assert.Equal((ActivityStatusCode.Error, null), (handled.Status, handled.StatusDescription));
        Assert.Equal(typeof(InvalidOperationException).FullName, handled.GetTagItem("error.type"));
        Assert.DoesNotContain(handled.TagObjects, static tag => $"{tag.Value}".Contains("secret"));
    }

    [Fact]
    public async Task A_user_is_disconnected_even_while_tracing_is_on()
    {
        using var spans = new Spans(_room);
        await using var host = new ChatHost();
        var connection = host.Connect(info: static abort => new() { Room = "lobby", Abort = abort, User = Users.Named("ann") });
        await connection.WaitUntilEnteredAsync();

        await host.Broadcaster.DisconnectUserAsync("ann");

        await connection.Client.ReceiveAndAnswerCloseAsync();
    }
}
