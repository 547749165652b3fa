using ChatKit.TestKit.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Testing.Tests.Server;

/// <summary>Several nodes of one application.</summary>
public sealed class NodeTests : ServerFixture
{
    [Fact]
    public async Task All_nodes_have_the_same_rooms_in_the_same_order()
    {
        var one = await StartAsync();
        var other = await one.AddNodeAsync();
        await using var anna = await one.ConnectAsync("/chat/kitchen", "anna");
        await using var bob = await other.ConnectAsync("/chat/kitchen", "bob");

        await Task.WhenAll(Enumerable.Range(0, 50).Select(async i => await (i % 2 == 0 ? anna : bob).SendAsync($"{i}")));

        var seen = Texts(await anna.ReceiveAsync("message", 50)).ToList();
        Assert.Equal(seen, Texts(await bob.ReceiveAsync("message", 50)));
        Assert.Equal(50, seen.Distinct().Count());
    }

    [Fact]
    public async Task A_node_that_stops_sends_its_clients_to_another_one_and_nothing_is_lost()
    {
        var one = await StartAsync();
        var other = await one.AddNodeAsync();
        await using var anna = await one.ConnectAsync("/chat/kitchen", "anna");
        await using var bob = await other.ConnectAsync("/chat/kitchen", "bob");
        await bob.SendAsync("1");
        await anna.ReceiveAsync("message");

        await one.StopAsync();
        Assert.InRange((await anna.ReceiveAsync("restart")).Json.GetProperty("retry").GetDouble(), 0, 10);
        Assert.Equal(1012, (int)(await anna.ReceiveCloseAsync()).Code);
        await Assert.ThrowsAsync<InvalidOperationException>(() => one.ConnectAsync("/chat/kitchen"));
        await bob.SendAsync("2");
        await anna.ReconnectAsync(other);
        await anna.SendAsync("3");

        Assert.Equal(["2", "3"], Texts(await anna.ReceiveAsync("message", 2)));
        Assert.Equal(["1", "2", "3"], Texts(await bob.ReceiveAsync("message", 3)));
    }

    [Fact]
    public async Task A_message_is_lost_on_one_node_only()
    {
        var one = await StartAsync(static options => options.RoomCheckInterval = TimeSpan.FromHours(1));
        var other = await one.AddNodeAsync();
        await using var anna = await one.ConnectAsync("/chat/kitchen", "anna");
        await using var bob = await other.ConnectAsync("/chat/kitchen", "bob");

        other.LoseNextMessages();
        await anna.SendAsync("1");
        Assert.Equal("1", (await anna.ReceiveAsync("message")).Text);
        Assert.DoesNotContain("1", Texts(bob.Received));
        await anna.SendAsync("2");

        Assert.Equal(["1", "2"], Texts(await bob.ReceiveAsync("message", 2)));
    }

    [Fact]
    public async Task The_rooms_of_a_user_are_found_on_all_nodes_without_waiting()
    {
        var one = await StartAsync();
        var other = await one.AddNodeAsync();
        await using var phone = await one.ConnectAsync("/chat/kitchen", "anna");
        await using var laptop = await other.ConnectAsync("/chat/garden", "anna");

        Assert.Equal(["garden", "kitchen"], (await one.Broadcaster.GetRoomsAsync("anna").AsTask().Soon()).Order());
    }

    [Fact]
    public async Task The_first_node_ends_the_others()
    {
        var one = await StartAsync();
        var other = await one.AddNodeAsync();
        await using var anna = await other.ConnectAsync("/chat/kitchen", "anna");

        await one.DisposeAsync();

        Assert.Equal(1006, (int)(await anna.ReceiveCloseAsync()).Code);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => other.ConnectAsync("/chat/kitchen"));
    }

    [Fact]
    public async Task A_history_of_the_application_is_used_and_can_be_taken_away()
    {
        var history = new CountingHistory();
        var server = await StartAsync(services: services => services.AddSingleton<IMessageHistory>(history));
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");

        await anna.SendAsync("1");
        server.IsStoreAvailable = false;
        await Assert.ThrowsAsync<ChatRefusedException>(() => anna.SendAsync("2"));

        Assert.Equal(1, history.Appends);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_history_of_the_application_is_disposed_of_once_with_its_node(bool isFactory)
    {
        var services = (Action<IServiceCollection>)(isFactory
            ? static services => services.AddSingleton<IMessageHistory>(static _ => new DisposableHistory())
            : static services => services.AddSingleton<IMessageHistory, DisposableHistory>());
        DisposableHistory.Disposals.Value = new StrongBox();
        var server = await ChatTestServer.StartAsync(services, static chat => chat.Map<Echo>("/chat/{room}"));
        await using (var client = await server.ConnectAsync("/chat/kitchen"))
            await client.SendAsync("1");

        await server.DisposeAsync();

        Assert.Equal(1, DisposableHistory.Disposals.Value.Count);
    }

    [Fact]
    public async Task A_backplane_of_the_application_is_used_and_has_no_faults()
    {
        var server = await StartAsync(services: static services => services.AddSingleton<IBackplane, OwnBackplane>());
        await using var anna = await server.ConnectAsync("/chat/kitchen", "anna");
        await anna.SendAsync("1");

        Assert.Equal("1", (await anna.ReceiveAsync("message")).Text);
        Assert.IsType<OwnBackplane>(server.Services.GetRequiredService<IBackplane>());
        Assert.Throws<InvalidOperationException>(() => server.LoseNextMessages());
        Assert.Throws<InvalidOperationException>(() => server.IsStoreAvailable = false);
    }

    private class CountingHistory : IMessageHistory
    {
        private readonly IMessageHistory _inner =
            new ServiceCollection().AddLogging().AddChatKit().Services.BuildServiceProvider().GetRequiredService<IMessageHistory>();

        public int Appends { get; private set; }

        public ValueTask<AppendResult> AppendAsync(string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
        {
            Appends++;
            return _inner.AppendAsync(room, message, capacity, cancellationToken);
        }

        public ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after, CancellationToken cancellationToken) =>
            _inner.ReadAsync(room, after, cancellationToken);
    }

    private sealed class StrongBox
    {
        public int Count { get; set; }
    }

    private sealed class DisposableHistory : CountingHistory, IDisposable
    {
        public static AsyncLocal<StrongBox> Disposals { get; } = new();

        private readonly StrongBox _disposals = Disposals.Value!;

        public void Dispose() => _disposals.Count++;
    }

    private sealed class OwnBackplane(IMessageHistory history) : IBackplane
    {
        private readonly List<IBackplaneSubscriber> _subscribers = [];

        public async ValueTask<MessagePosition?> PublishAsync(string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
        {
            var stored = await history.AppendAsync(room, message, capacity, cancellationToken);
            _subscribers.ForEach(subscriber => subscriber.OnMessage(message.WithPosition(stored.Position)));
            return stored.Position;
        }

        public ValueTask AnnounceAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken) =>
            ValueTask.CompletedTask;

        public ValueTask<IAsyncDisposable> SubscribeAsync(string room, IBackplaneSubscriber subscriber, CancellationToken cancellationToken)
        {
            if (!room.StartsWith('\u0001'))
                _subscribers.Add(subscriber);
            return ValueTask.FromResult<IAsyncDisposable>(new Nothing());
        }

        private sealed class Nothing : IAsyncDisposable
        {
            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
