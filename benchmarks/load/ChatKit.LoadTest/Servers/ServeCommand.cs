using System.CommandLine;

namespace ChatKit.LoadTest.Servers;

/// <summary>The command <c>serve</c>: runs one of the .NET servers until it is stopped.</summary>
internal static class ServeCommand
{
    private const string ChatKit = "chatkit";
    private const string SignalR = "signalr";
    private const string Plain = "aspnet";

    public static Command Create()
    {
        var server = new Argument<string>("server") { Description = "The server to run." };
        var url = new Option<string>("--url") { Description = "Where to listen.", DefaultValueFactory = _ => "http://127.0.0.1:8100" };
        var history = new Option<int>("--history") { Description = "The number of messages that ChatKit keeps.", DefaultValueFactory = _ => 100 };
        var settings = new Option<HostSettings[]>("--host-settings")
        {
            Description = "The host settings: default, recommended, or single settings.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [HostSettings.Default],
        };
        var redis = new Option<string?>("--redis") { Description = "The address of Redis, for example localhost:6379. [default: none]" };
        var stream = new Option<bool>("--stream") { Description = "ChatKit uses the stream of the upgraded request." };
        var detach = new Option<bool>("--detach") { Description = "Connections of ChatKit leave the HTTP layer (UseChatKitConnections)." };
        server.AcceptOnlyFromAmong(ChatKit, SignalR, Plain);

        var command = new Command("serve", "Runs one of the .NET servers until it is stopped.") { server, url, history, settings, redis, stream, detach };
        command.SetAction((result, stop) => RunAsync(
            result.GetRequiredValue(server),
            new ServerOptions(
                result.GetRequiredValue(url),
                result.GetRequiredValue(history),
                result.GetRequiredValue(settings).Aggregate(static (all, one) => all | one),
                result.GetValue(redis),
                result.GetValue(stream),
                result.GetValue(detach)),
            stop));
        return command;
    }

    private static async Task RunAsync(string server, ServerOptions options, CancellationToken stop)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseUrls(options.Url);
        options.Host.Apply(builder.WebHost);
        if (options.Detach)
            builder.WebHost.ConfigureKestrel(static kestrel => kestrel.ConfigureEndpointDefaults(static listen => listen.UseChatKitConnections()));
        if (server == ChatKit)
            ChatKitServer.AddServices(builder.Services, options);
        else if (server == SignalR)
            SignalRServer.AddServices(builder.Services, options);

        await using var app = builder.Build();
        switch (server)
        {
            case ChatKit:
                ChatKitServer.Map(app, options);
                break;
            case SignalR:
                SignalRServer.Map(app);
                break;
            default:
                PlainServer.Map(app);
                break;
        }

        await app.StartAsync(stop);
        await app.WaitForShutdownAsync(stop);
    }
}
