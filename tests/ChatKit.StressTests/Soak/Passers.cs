using System.Net.Sockets;
using ChatKit.StressTests.Harness;
using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Soak;

/// <summary>
/// Plain clients that connect and disconnect, with or without a close frame, join and leave rooms, send, or read nothing. One client sends
/// consecutive numbers. The others must receive them with no gaps and no duplicates, starting with the first stored one.
/// </summary>
internal sealed class Passers(int port, int seed)
{
    private const int Count = 20;
    private const string Room = "/chat/passers";

    private static readonly TimeSpan CountInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestStay = TimeSpan.FromSeconds(5);

    private long _visits;
    private long _received;
    private long _wrong;

    /// <summary>The number of connections.</summary>
    public long Visits => Interlocked.Read(ref _visits);

    /// <summary>The number of received numbers.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>The number of received numbers that were not the next one.</summary>
    public long Wrong => Interlocked.Read(ref _wrong);

    public Task RunAsync(CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, Count).Select(i => ConnectRepeatedlyAsync(new Random(seed + i), stop)).Append(CountAsync(stop)));

    private async Task CountAsync(CancellationToken stop)
    {
        using var counter = await Intruder.ConnectAsync(port, stop: stop);
        await counter.OpenAsync(Room, stop);
        var draining = counter.DrainAsync(stop);
        for (var i = 0L; !stop.IsCancellationRequested; i++)
        {
            await counter.SendAsync(ClientFrame.Of(ClientFrame.Text, $"{i}"), CancellationToken.None);
            await Task.Delay(CountInterval, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await draining;
    }

    private async Task ConnectRepeatedlyAsync(Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var stay = CancellationTokenSource.CreateLinkedTokenSource(stop);
            stay.CancelAfter(LongestStay * random.NextDouble());
            try
            {
                using var one = await Intruder.ConnectAsync(port, stop: stop);
                Interlocked.Increment(ref _visits);
                if (await one.OpenAsync(Room, stop) != 101)
                    throw new IOException("A passer was refused.");
                var listening = random.Next(4) == 0 ? Task.CompletedTask : ReceiveAsync(one, stay.Token);
                await SendAsync(one, random, stay.Token);
                await listening;
                if (random.Next(2) == 0)
                    await one.SendAsync(ClientFrame.CloseWith(1000, "bye"), stop);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // The server has disconnected a client that read nothing for too long.
            }
        }
    }

    private static async Task SendAsync(Intruder one, Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var room = $"side{random.Next(50)}";
            string[] texts =
            [
                StressHandler.Join + room, StressHandler.Leave + room, StressHandler.Echo + room, "hello", new string('h', random.Next(2000)),
            ];
            await one.SendAsync(ClientFrame.Of(ClientFrame.Text, texts[random.Next(texts.Length)]), CancellationToken.None);
            await Task.Delay(random.Next(500), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReceiveAsync(Intruder one, CancellationToken stop)
    {
        var frames = new ServerFrames();
        long? last = null;
        frames.OnText = text =>
        {
            if (!long.TryParse(text, out var number))
                return;
            Interlocked.Increment(ref _received);
            if (last is { } before && number != before + 1)
                Interlocked.Increment(ref _wrong);
            last = number;
        };
        try
        {
            while (await one.ReceiveAsync(stop) is { IsEmpty: false } bytes)
                frames.Take(bytes.Span);
        }
        catch (OperationCanceledException)
        {
            // The client has stayed long enough.
        }
    }
}
