using System.Net.Sockets;
using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>An attack: attackers that repeat the same action, at a common rate.</summary>
/// <param name="name">The name on the command line.</param>
/// <param name="unit">The unit of the rate.</param>
/// <param name="perSecond">The rate per second.</param>
/// <param name="attackers">The number of concurrent connections.</param>
internal abstract class Attack(string name, string unit, double perSecond, int attackers)
{
    /// <summary>The delay after a failed attempt to connect.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private int _port;
    private long _connections;

    public string Name => name;

    public string Unit => unit;

    public double PerSecond => perSecond;

    public int Attackers => attackers;

    /// <summary>
    /// The additional memory that the server may use during the attack, in MiB: the young generations of two processors, and some more.
    /// </summary>
    public virtual int MemoryLimit => 160;

    /// <summary>The memory that the histories of its rooms use afterwards by design, in MiB.</summary>
    public virtual int KeptMemory => 0;

    /// <summary>The number of connections that were opened.</summary>
    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>The number of actions.</summary>
    public long Done => Pace.Taken;

    /// <summary>The receive buffer of the attackers' sockets, in bytes; null for the default.</summary>
    protected virtual int? ReceiveBuffer => null;

    protected Pace Pace { get; private set; } = new(perSecond);

    /// <summary>Attacks until it is stopped.</summary>
    /// <param name="port">The port of the server.</param>
    /// <param name="share">The share of the attackers, and of the rate, to use.</param>
    /// <param name="stop">Stops the attack.</param>
    public Task RunAsync(int port, double share, CancellationToken stop)
    {
        (_port, Pace) = (port, new Pace(perSecond * share));
        var count = Math.Max(1, (int)(attackers * share));
        return Task.WhenAll(Enumerable.Range(0, count).Select(i => RepeatAsync(i, stop)));
    }

    /// <summary>Runs one connection. It can end at any time with the exception of a lost connection.</summary>
    protected abstract Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop);

    /// <summary>Sends the handshake, and then reads and discards everything.</summary>
    protected static async Task<Task> OpenAsync(Intruder intruder, string path, CancellationToken stop, params string[] headers)
    {
        if (await intruder.OpenAsync(path, stop, headers) != 101)
            throw new IOException("The server has refused the connection.");
        return intruder.DrainAsync(stop);
    }

    /// <summary>Sends the same bytes, which count as the given number of actions, until the connection ends.</summary>
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
