using System.Diagnostics;
using System.Diagnostics.Metrics;
using ChatKit.Rooms;
using ChatKit.WebSockets;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Benchmarks.Rooms;

/// <summary>
/// Measures how long a room takes to enqueue a message for all its members, with one thread and with one for each processor. The two take turns,
/// because the speed of a machine that others use changes by the second.
/// </summary>
internal static class TurnTimes
{
    private const string Room = "room";
    private const int WarmUp = 300;
    private const int Turns = 1000;

    private static readonly SemaphoreSlim Ended = new(0);
    private static double _last;

    /// <param name="members">The members of the rooms; empty for the usual numbers.</param>
    public static async Task RunAsync(int[] members)
    {
        members = members.Length > 0 ? members : [10, 100, 200, 500, 1000, 2000, 5000, 10_000];
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == "chatkit.fan_out.duration")
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>(static (_, seconds, _, _) =>
        {
            _last = seconds;
            Ended.Release();
        });
        listener.Start();
        Console.WriteLine($"{Environment.ProcessorCount} processors; microseconds per turn, median and fastest");
        Console.WriteLine("members | pause |  one thread          | all processors       | ratio");
        foreach (var count in members)
        {
            await using var alone = await OpenAsync(count, int.MaxValue);
            await using var shared = await OpenAsync(count, 2);
            await MeasureAsync(alone, shared, WarmUp, pause: 0);
            foreach (var pause in (int[])[0, 2])
            {
                var (one, all) = await MeasureAsync(alone, shared, pause == 0 ? Turns : Turns / 5, pause);
                Console.WriteLine(
                    $"{count,7} | {pause,2} ms | {Text(one)} | {Text(all)} | {Median(all) / Median(one):0.00} {all.Min() / one.Min():0.00}");
            }
        }

        listener.Dispose(); // Its lock would hold up turns on several processors.
        await ManyRoomsAsync(10);
        await ManyRoomsAsync(100);
    }

    /// <summary>Measures how long it takes to deliver a message in each of 1000 rooms, if all processors publish them.</summary>
    private static async Task ManyRoomsAsync(int members)
    {
        const int Rooms = 1000, Rounds = 300;
        await using var services = ChatKitServices.Create();
        var rooms = services.GetRequiredService<RoomRegistry>();
        var backplane = services.GetRequiredService<IBackplane>();
        string[] names = [.. Enumerable.Range(0, Rooms).Select(static room => $"{room}")];
        var last = new QueueClient[Rooms];
        for (var room = 0; room < Rooms; room++)
        {
            for (var i = 0; i < members; i++)
                await rooms.Enter(names[room], last[room] = new QueueClient(), replay: 100).StartAsync();
        }

        var text = Texts.OfSize(64);
        var size = WebSocketFrame.Text(text, out _).Length;
        var times = new double[Rounds];
        for (var round = 0; round < Rounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            var end = (round + 1) * size;
            await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(part => Task.Run(() => PublishAsync(part, end))));
            times[round] = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
        }

        Console.WriteLine($"{Rooms} rooms of {members}, one message in each: {Text(times[(Rounds / 3)..])}");

        async Task PublishAsync(int part, long end)
        {
            for (var room = part; room < Rooms; room += Environment.ProcessorCount)
                await backplane.PublishAsync(names[room], Outgoing.Text(text, default), 100);
            for (var room = part; room < Rooms; room += Environment.ProcessorCount)
            {
                while (last[room].Written < end)
                    await Task.Yield();
            }
        }
    }

    private static async Task<ServiceProvider> OpenAsync(int members, int sharedFrom)
    {
        var services = ChatKitServices.Create(sharedFrom: sharedFrom);
        var rooms = services.GetRequiredService<RoomRegistry>();
        for (var i = 0; i < members; i++)
            await rooms.Enter(Room, new QueueClient(), replay: 100).StartAsync();
        return services;
    }

    private static async Task<(double[] One, double[] All)> MeasureAsync(ServiceProvider alone, ServiceProvider shared, int turns, int pause)
    {
        var one = new double[turns];
        var all = new double[turns];
        for (var i = 0; i < turns; i++)
        {
            one[i] = await TurnAsync(alone, pause);
            all[i] = await TurnAsync(shared, pause);
        }

        return (one, all);
    }

    private static async Task<double> TurnAsync(ServiceProvider services, int pause)
    {
        if (pause > 0)
            await Task.Delay(pause);
        await services.GetRequiredService<IBackplane>().PublishAsync(Room, Outgoing.Text(Texts.OfSize(64), default), 100);
        await Ended.WaitAsync();
        return _last * 1e6;
    }

    private static double Median(double[] times) => times.Order().ElementAt(times.Length / 2);

    private static string Text(double[] times) => $"{Median(times),8:0.0} ({times.Min(),8:0.0})";
}
