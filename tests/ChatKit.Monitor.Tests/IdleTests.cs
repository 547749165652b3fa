using System.Diagnostics.Metrics;
using ChatKit.Monitor.Nodes;
using ChatKit.Monitor.Reports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Monitor.Tests;

/// <summary>What the monitor costs when nobody looks.</summary>
public sealed class IdleTests
{
    [Fact]
    public async Task Nodes_send_nothing_unless_somebody_looks()
    {
        CountingBackplane? backplane = null;
        await using var node = await MonitoredNode.StartAsync(build: services => backplane = CountingBackplane.Replace(services));
        using var ann = await node.VisitAsync("ann", "green");
        await TalkAsync();
        Assert.Equal(0, backplane!.OfMonitor);

        await node.OverviewAsync();
        Assert.Equal(2, backplane.OfMonitor); // The question and the answer.

        await TalkAsync();
        Assert.Equal(2, backplane.OfMonitor);

        async Task TalkAsync()
        {
            await ann.SendAsync("hi");
            await ann.ReceiveAsync("message");
        }
    }

    [Fact]
    public async Task Pages_that_ask_at_the_same_time_share_an_answer()
    {
        CountingBackplane? backplane = null;
        var clock = new FakeTimeProvider();
        await using var node = await MonitoredNode.StartAsync(build: services =>
        {
            services.AddSingleton<TimeProvider>(clock);
            backplane = CountingBackplane.Replace(services);
        });

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => node.OverviewAsync()));
        Assert.Equal(2, backplane!.OfMonitor); // The question and the answer.

        clock.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => node.OverviewAsync()));
        Assert.Equal(4, backplane.OfMonitor);
    }

    [Fact]
    public async Task Messages_are_counted_only_while_somebody_looks()
    {
        var clock = new FakeTimeProvider();
        await using var services = new ServiceCollection()
            .AddLogging().AddMetrics().AddSingleton<TimeProvider>(clock).AddChatKit().AddMonitor().Services.BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var instruments = new Dictionary<string, Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters))
                instruments[instrument.Name] = instrument;
        };
        listener.Start();
        var reporter = services.GetRequiredService<NodeReporter>();
        string[] ofMessages = ["chatkit.messages.received", "chatkit.messages.stored", "chatkit.messages.delivered"];
        Assert.All(ofMessages, name => Assert.False(instruments[name].Enabled));
        Assert.True(instruments["chatkit.gaps"].Enabled);

        await reporter.AnswerAsync(new Question("1", "", QuestionKind.Overview), TestContext.Current.CancellationToken);
        Assert.All(ofMessages, name => Assert.True(instruments[name].Enabled));
        Assert.False(instruments["chatkit.fan_out.duration"].Enabled);

        clock.Advance(TimeSpan.FromSeconds(14));
        await reporter.AnswerAsync(new Question("2", "", QuestionKind.Overview), TestContext.Current.CancellationToken);
        clock.Advance(TimeSpan.FromSeconds(14));
        Assert.All(ofMessages, name => Assert.True(instruments[name].Enabled));

        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.All(ofMessages, name => Assert.False(instruments[name].Enabled));
    }

    /// <summary>Counts what nodes send to each other for the monitor.</summary>
    private sealed class CountingBackplane : IBackplane
    {
        private IBackplane _original = null!;
        private int _ofMonitor;

        public int OfMonitor => Volatile.Read(ref _ofMonitor);

        /// <summary>Replaces the backplane of an application by one that counts, and otherwise does the same.</summary>
        public static CountingBackplane Replace(IServiceCollection services)
        {
            var original = services.Single(static service => service.ServiceType == typeof(IBackplane));
            var counting = new CountingBackplane();
            services.AddSingleton<IBackplane>(provider =>
            {
                counting._original = (IBackplane)ActivatorUtilities.CreateInstance(provider, original.ImplementationType!);
                return counting;
            });
            return counting;
        }

        public ValueTask<MessagePosition?> PublishAsync(string room, ChatMessage message, int? capacity, CancellationToken cancellationToken) =>
            _original.PublishAsync(room, message, capacity, cancellationToken);

        public ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken) =>
            _original.ChangeAsync(room, change, cancellationToken);

        public ValueTask AnnounceAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken)
        {
            Count(room);
            return _original.AnnounceAsync(room, announcement, cancellationToken);
        }

        public ValueTask<int?> AnnounceToAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken)
        {
            Count(room);
            return _original.AnnounceToAsync(room, announcement, cancellationToken);
        }

        public ValueTask<IAsyncDisposable> SubscribeAsync(string room, IBackplaneSubscriber subscriber, CancellationToken cancellationToken) =>
            _original.SubscribeAsync(room, subscriber, cancellationToken);

        private void Count(string room)
        {
            if (room.StartsWith(MonitorNode.Room, StringComparison.Ordinal))
                Interlocked.Increment(ref _ofMonitor);
        }
    }
}
