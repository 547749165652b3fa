using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Tests.Proxies;

/// <summary>
/// A node of a chat that clients reach in every way. It runs in the test's own process, or in another one, which the test can freeze and kill.
/// Each of its responses names it.
/// </summary>
/// <param name="Name">The node's name.</param>
/// <param name="Redis">The address of the Redis that the nodes share; empty for none.</param>
/// <param name="Prefix">The prefix of the keys in Redis.</param>
/// <param name="Ping">The time between two heartbeats.</param>
internal sealed record ChatNode(string Name, string Redis, string Prefix, TimeSpan Ping)
{
    /// <summary>The first argument of the process.</summary>
    public const string Command = "node";

    /// <summary>The header that names the node.</summary>
    public const string Header = "Node";

    private static readonly TimeSpan DefaultPing = TimeSpan.FromSeconds(20);

    public ChatNode(string name, RedisServer? redis = null, string prefix = "", TimeSpan? ping = null)
        : this(name, redis?.Configuration ?? "", prefix, ping ?? DefaultPing)
    {
    }

    /// <summary>The address of the room, at a node or a proxy. Its name has characters that addresses and the ids of events encode.</summary>
    public static Uri RoomAt(Uri address) => new(address, $"/chat/{Uri.EscapeDataString("café & 50%~+")}");

    /// <summary>Starts the node in this process.</summary>
    public Task<ChatServer> StartAsync() => ChatServer.StartAsync(Map, Build);

    /// <summary>Starts the node in a process of its own.</summary>
    public async Task<(DotnetProcess Process, Uri Address)> StartProcessAsync()
    {
        var ping = Ping.TotalMilliseconds.ToString(CultureInfo.InvariantCulture);
        var process = DotnetProcess.Start(
            typeof(ChatNode).Assembly, [Command, Name, Redis, Prefix, ping], onOutput: null, static line => Console.Error.WriteLine(line));
        try
        {
            return (process, new Uri(await process.ReadLineAsync()));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>The program of the process. It ends when it is asked to, with SIGTERM.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var ping = TimeSpan.FromMilliseconds(double.Parse(arguments[4], CultureInfo.InvariantCulture));
        var node = new ChatNode(arguments[1], arguments[2], arguments[3], ping);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        node.Build(builder);
        await using var app = builder.Build();
        node.Map(app);
        await app.StartAsync();
        Console.WriteLine(app.Urls.Single());
        await app.WaitForShutdownAsync();
        return 0;
    }

    private void Build(WebApplicationBuilder builder)
    {
        var chatKit = builder.Services.AddChatKit(static options => options.DrainTime = TimeSpan.FromMilliseconds(200));
        if (Redis.Length > 0)
            chatKit.AddRedis(options => (options.Configuration, options.KeyPrefix) = (Redis, Prefix));
    }

    private void Map(WebApplication app)
    {
        app.Use((context, next) =>
        {
            context.Response.Headers[Header] = Name;
            return next(context);
        });
        app.MapWebSocketHandler<ChatRoom>("/chat/{room}", options =>
        {
            options.Transports = ChatTransports.All;
            options.PingInterval = Ping;
        });
    }
}
