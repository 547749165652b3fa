using ChatKit.History;
using ChatKit.Rooms;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.Tests.Rooms;

/// <summary>One room on a backplane that loses messages and a history that fails, both only when told to.</summary>
internal sealed class RoomFixture : IAsyncDisposable
{
    public const string Name = "r";

    private int _published;

    public RoomFixture(Action<ChatKitOptions>? configure = null, Action<IServiceCollection>? services = null)
    {
        Host = new ChatHost(configure, all => Add(all, services));
        History = Host.Services.GetRequiredService<FaultyHistory>();
        Backplane = Host.Services.GetRequiredService<LossyBackplane>();
    }

    /// <summary>Whoever joins next finds nothing at hand, as if nobody had joined for a while.</summary>
    public void ForgetTail()
    {
        Check();
        Check();
    }

    /// <summary>All that was stored is lost.</summary>
    public void LoseHistory() => History.Lose(CreateHistory(Host.Services));

    private static InMemoryMessageHistory CreateHistory(IServiceProvider services) => new(
        services.GetRequiredService<IOptions<ChatKitOptions>>(),
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<InMemoryMessageHistory>>());

    private static void Add(IServiceCollection services, Action<IServiceCollection>? more)
    {
        services
            .AddSingleton(static p => new FaultyHistory(CreateHistory(p)))
            .AddSingleton(static p => p.GetRequiredService<FaultyHistory>().Object)
            .AddSingleton<LossyBackplane>()
            .AddSingleton<IBackplane>(static p => p.GetRequiredService<LossyBackplane>());
        more?.Invoke(services);
    }

    public ChatHost Host { get; }

    public FaultyHistory History { get; }

    public LossyBackplane Backplane { get; }

    public RoomRegistry Rooms => Host.Rooms;

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    public async Task<FakeRoomClient> JoinAsync(string id = "client", int replay = 100)
    {
        var client = new FakeRoomClient(id);
        await JoinAsync(client, replay);
        return client;
    }

    public async Task<RoomMembership> JoinAsync(FakeRoomClient client, int replay = 100)
    {
        var membership = Rooms.Enter(Name, client, replay);
        await membership.StartAsync().AsTask().Soon();
        return membership;
    }

    /// <summary>Publishes texts that count up from 1.</summary>
    public async Task PublishAsync(int count = 1, int? capacity = null, bool lost = false, int size = 0)
    {
        var carry = Backplane.Transform;
        if (lost)
            Backplane.Transform = static _ => [];
        for (var i = 0; i < count; i++)
            await Backplane.PublishAsync(Name, Outgoing.Text($"{++_published}".PadLeft(size, '0'), default), capacity, default);
        Backplane.Transform = carry;
    }

    /// <summary>Publishes an ephemeral text.</summary>
    public async Task PublishEphemeralAsync(string text) => await Backplane.PublishAsync(Name, Outgoing.Text(text, default), 0, default);

    /// <summary>
    /// Lets the room's check timer fire. The clock leaves that to a thread that creates a timer at the same time, which may fire it later, or
    /// not before the clock is advanced again; checks that are late are skipped.
    /// </summary>
    public void Check()
    {
        // Fires last, because it is due a little later.
        var haveAllFired = false;
        var time = TimeSpan.FromSeconds(10) + TimeSpan.FromTicks(1);
        using var last = Host.Clock.CreateTimer(_ => Volatile.Write(ref haveAllFired, true), null, time, Timeout.InfiniteTimeSpan);
        Host.Clock.Advance(time);
        var isInTime = SpinWait.SpinUntil(
            () =>
            {
                if (!Volatile.Read(ref haveAllFired))
                    Host.Clock.Advance(TimeSpan.Zero);
                return Volatile.Read(ref haveAllFired);
            },
            Patience.Limit);
        Assert.True(isInTime, "The clock has not fired its timers.");
    }

    /// <summary>The texts <c>first</c> to <c>last</c>.</summary>
    public static IEnumerable<string> Texts(int first, int last, int size = 0) =>
        Enumerable.Range(first, last - first + 1).Select(i => $"{i}".PadLeft(size, '0'));
}
