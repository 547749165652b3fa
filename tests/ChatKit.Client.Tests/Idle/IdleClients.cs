using System.Diagnostics;
using System.Globalization;
using ChatKit.Client.Tests.Fixtures;

namespace ChatKit.Client.Tests.Idle;

/// <summary>
/// Measures the memory that idle clients cost. The server runs in another process, which this one starts:
/// <c>dotnet run -c Release --project tests/ChatKit.Client.Tests -- idle 1000</c>.
/// </summary>
internal static class IdleClients
{
    private const int WarmUp = 50;

    public static async Task<int> RunAsync(string[] options)
    {
        var count = options is [var number] ? int.Parse(number, CultureInfo.InvariantCulture) : 1_000;
        var (process, address) = await ServerProgram.StartAsync();
        await using (process)
        {
            var warm = await ConnectAsync(address, WarmUp);
            var (heap, memory) = Measure();
            var clients = await ConnectAsync(address, count);
            await Task.Delay(TimeSpan.FromSeconds(5)); // Until buffers of the handshake are returned.
            var (heapAfter, memoryAfter) = Measure();
            var (managed, resident) = ((heapAfter - heap) / 1024.0 / count, (memoryAfter - memory) / 1024.0 / count);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{count} idle clients: {managed:0.0} KiB of the managed heap and {resident:0.0} KiB of resident memory each"));
            await Task.WhenAll(warm.Concat(clients).Select(static client => client.DisposeAsync().AsTask()));
            return 0;
        }
    }

    private static async Task<ChatClient[]> ConnectAsync(Uri address, int count)
    {
        var clients = new ChatClient[count];
        for (var i = 0; i < count; i++)
        {
            clients[i] = new ChatClient(address);
            await clients[i].ConnectAsync();
        }

        return clients;
    }

    private static (long Heap, long Memory) Measure()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        using var process = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true), process.WorkingSet64);
    }
}
