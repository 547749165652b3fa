using System.Net.Sockets;
using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>One way to do harm: some attackers who each do the same again and again, all together at a rate.</summary>
/// <param name="name">What it is called on the command line.</param>
/// <param name="unit">What the rate counts.</param>
/// <param name="perSecond">The rate.</param>
/// <param name="attackers">How many connections there are at a time.</param>
internal abstract class Attack(string name, string unit, double perSecond, int attackers)
{
    /// <summary>How long somebody waits who could not connect.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private int _port;
    private long _connections;

    public string Name => name;

    public string Unit => unit;

    public double PerSecond => perSecond;

    public int Attackers => attackers;

    /// <summary>How much more memory the server may take meanwhile, in MiB: the young generations of two processors, and a little.</summary>
    public virtual int MemoryLimit => 160;

    /// <summary>What the histories of its rooms keep afterwards, because they are meant to, in MiB.</summary>
    public virtual int KeptMemory => 0;

    /// <summary>How many connections were made.</summary>
    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>How much was done.</summary>
    public long Done => Pace.Taken;

    /// <summary>In bytes, what the attackers' systems keep that they do not read; null for what is usual.</summary>
    protected virtual int? ReceiveBuffer => null;

    protected Pace Pace { get; private set; } = new(perSecond);

    /// <summary>Attacks until it is stopped.</summary>
    /// <param name="port">The server's.</param>
    /// <param name="share">With how much of all attackers, and of the rate.</param>
    /// <param name="stop">Stops.</param>
    public Task RunAsync(int port, double share, CancellationToken stop)
    {
        (_port, Pace) = (port, new Pace(perSecond * share));
        var count = Math.Max(1, (int)(attackers * share));
        return Task.WhenAll(Enumerable.Range(0, count).Select(i => RepeatAsync(i, stop)));
    }

    /// <summary>The life of one connection. May end at any time with what a connection ends with.</summary>
    protected abstract Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop);

    /// <summary>Makes the handshake, and reads from then on, and forgets, what comes.</summary>
    protected static async Task<Task> OpenAsync(Intruder intruder, string path, CancellationToken stop, params string[] headers)
    {
        if (await intruder.OpenAsync(path, stop, headers) != 101)
            throw new IOException("The server has refused the connection.");
        return intruder.DrainAsync(stop);
    }

    /// <summary>Sends the same again and again, which each time counts for so many things, until the connection ends.</summary>
    protected async Task FloodAsync(Intruder intruder, ReadOnlyMemory<byte> bytes, int count, Task draining, CancellationToken stop)
    {
        while (!draining.IsCompleted)
        {
            await Pace.TakeAsync(count, stop);
            await intruder.SendAsync(bytes, stop);
        }
    }

    private async Task RepeatAsync(int attacker, CancellationToken stop)
    {
        await Task.Yield();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var intruder = await Intruder.ConnectAsync(_port, ReceiveBuffer, stop: stop);
                Interlocked.Increment(ref _connections);
                await LiveAsync(intruder, attacker, stop);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                await Task.Delay(Pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
