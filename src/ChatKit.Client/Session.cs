using ChatKit.Client.Connections;
using ChatKit.Client.Diagnostics;
using ChatKit.Client.Outboxes;
using ChatKit.Client.Rooms;
using ChatKit.Client.Subscriptions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatKit.Client;

/// <summary>The parts of a client, and the one lock under which they work. It is never held while something is awaited.</summary>
internal sealed class Session
{
    private readonly string _id = Guid.NewGuid().ToString("N");
    private long _count;

    public Session(Settings settings)
    {
        Settings = settings;
        Logger = settings.Options.LoggerFactory?.CreateLogger(ChatClientTelemetry.Name) ?? (ILogger)NullLogger.Instance;
        Telemetry = new ClientTelemetry(settings.Options.MeterFactory, settings.Time);
        var capacity = settings.Options.MaxQueuedEvents;
        Events = new EventHub(Gate, capacity, capacity, Telemetry.Dropped);
        Connector = new Connector(this);
        Outbox = new Outbox(this);
        Rooms = new RoomBook(this);
        Frames = new FrameHandler(this);
        Exchanges = new Exchanges(this);
    }

    public Lock Gate { get; } = new();

    public Settings Settings { get; }

    public TimeProvider Time => Settings.Time;

    public ILogger Logger { get; }

    public ClientTelemetry Telemetry { get; }

    public EventHub Events { get; }

    public Connector Connector { get; }

    public Outbox Outbox { get; }

    public RoomBook Rooms { get; }

    public FrameHandler Frames { get; }

    public Exchanges Exchanges { get; }

    /// <summary>The number of messages that the client already had.</summary>
    public long Repeated { get; set; }

    public bool IsDisposed { get; private set; }

    /// <summary>The name of the home room, once it is known.</summary>
    public string? Home => Rooms.Home;

    /// <summary>A ref that nobody can guess.</summary>
    public string NextRef() => $"{_id}-{++_count}";

    public void Emit(ChatEvent happened)
    {
        Settings.Options.Probe?.OnEvent(happened);
        Events.Add(happened);
        if (happened.Room is { } room)
            Rooms.Find(room)?.Membership?.Events.Add(happened);
    }

    public void MeetHome(string home)
    {
        if (Home == home)
            return;
        Rooms.MeetHome(home);
        Exchanges.OnHome(Rooms.StateOf(home));
    }

    /// <summary>Ends a connection, and forgets what belongs to it.</summary>
    public void Drop(Link link)
    {
        link.Drop();
        if (link.Role == LinkRole.Current)
        {
            Outbox.Release();
            Rooms.Drop();
        }

        link.Requests.Drop();
    }

    /// <summary>Closes the client. Ends in limited time. Not under the lock.</summary>
    public async Task DisposeAsync()
    {
        Link? link;
        lock (Gate)
        {
            if (IsDisposed)
                return;
            Rooms.Finish();
            IsDisposed = true;
            link = Connector.BeginDispose();
        }

        if (link is not null)
            await link.Ended.WaitAsync(Settings.Options.CloseTimeout, Settings.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (Gate)
        {
            Outbox.Dispose();
            Connector.EndDispose();
            Rooms.Complete();
            Events.Complete();
        }

        await Outbox.CloseStoreAsync().WaitAsync(Settings.Options.CloseTimeout + TimeSpan.FromSeconds(1), Settings.Time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Telemetry.Dispose();
    }
}
