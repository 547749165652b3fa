using ChatKit.StressTests.Harness;
using ChatKit.TestKit.Client;

namespace ChatKit.StressTests.Storms;

/// <summary>Two nodes and their Redis.</summary>
internal sealed class Deployment : IAsyncDisposable
{
    /// <summary>The number of rooms that are filled concurrently.</summary>
    private const int Fillers = 8;

    private Deployment(RedisServer redis, ServerProcess here, ServerProcess there) => (Redis, Here, There) = (redis, here, there);

    public RedisServer Redis { get; }

    /// <summary>The node that the storm connects to.</summary>
    public ServerProcess Here { get; }

    public ServerProcess There { get; }

    public static async Task<Deployment> StartAsync(int queueLimit)
    {
        // Waiting for the disk with each message would dominate the measurement.
        var redis = new RedisServer { Options = ["--appendfsync", "everysec"] };
        await redis.InitializeAsync();
        var here = await ServerProcess.StartAsync(redis.Configuration, queueLimit);
        return new Deployment(redis, here, await ServerProcess.StartAsync(redis.Configuration, queueLimit));
    }

    /// <summary>Fills the rooms of a storm. Returns the paths to which its clients connect.</summary>
    public async Task<IReadOnlyList<string>> FillAsync(Storm storm)
    {
        var paths = new string[storm.Rooms];
        await Parallel.ForAsync(0, storm.Rooms, new ParallelOptions { MaxDegreeOfParallelism = Fillers }, async (i, _) =>
        {
            var room = $"storm{i}";
            await using var filler = ChatClient.Start(new ChatClientOptions
            {
                NextAddress = _ => ValueTask.FromResult(new Uri($"ws://127.0.0.1:{Here.Port}/chat/{room}")),
            });
            var first = await filler.SendAsync("first").Soon();
            await Task.WhenAll(Enumerable.Range(0, storm.Messages).Select(_ => filler.SendAsync(new string('x', storm.MessageSize)))).Soon();
            paths[i] = storm.Resumes ? $"/chat/{room}?after={room}~{first.Position}" : $"/chat/{room}";
        });
        return paths;
    }

    public async ValueTask DisposeAsync()
    {
        await Here.DisposeAsync();
        await There.DisposeAsync();
        await Redis.DisposeAsync();
    }
}
