using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Tests;

/// <summary>An application on a real Kestrel, on a free loopback port.</summary>
internal sealed class ChatServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ChatServer(WebApplication app, LogCollector logs)
    {
        (_app, Logs) = (app, logs);
        Address = new Uri(app.Urls.Single());
        Http = new HttpClient { BaseAddress = Address };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public LogCollector Logs { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts an application with ChatKit and what the test adds.</summary>
    public static async Task<ChatServer> StartAsync(
        Action<WebApplication> map, Action<WebApplicationBuilder>? build = null, Action<ListenOptions>? listen = null)
    {
        var logs = new LogCollector();
        var app = Build(logs, build, listen);
        try
        {
            map(app);
            await app.StartAsync(TestContext.Current.CancellationToken);
            return new ChatServer(app, logs);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts an application with one endpoint, <c>/chat/{room}</c>, whose handler runs the script.</summary>
    public static Task<ChatServer> StartAsync(
        Script script, Action<WebSocketEndpointOptions>? configure = null, Action<ListenOptions>? listen = null) =>
        StartAsync(
            app => app.MapWebSocketHandler<ScriptedHandler>("/chat/{room}", configure),
            builder => builder.Services.AddSingleton(script),
            listen);

    public async Task<ChatClient> ConnectAsync(string path, ClientSettings? settings = null) =>
        await ChatClient.ConnectAsync(new UriBuilder(new Uri(Address, path)) { Scheme = Address.Scheme == "https" ? "wss" : "ws" }.Uri, settings);

    public Task<RawClient> ConnectRawAsync(X509Certificate2? certificate = null) => RawClient.ConnectAsync(Address, certificate);

    /// <summary>Requests an upgrade and returns the response, for handshakes that are refused.</summary>
    public async Task<HttpResponseMessage> HandshakeAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)
        [
            ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), .. headers,
        ])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public Task StopAsync() => _app.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }

    private static WebApplication Build(LogCollector logs, Action<WebApplicationBuilder>? build, Action<ListenOptions>? listen)
    {
        // A watched configuration file would use one inotify instance per test.
        var builder = WebApplication.CreateBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders().AddFilter("ChatKit", LogLevel.Debug).AddProvider(logs);
        builder.Services.AddChatKit();
        build?.Invoke(builder);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen ?? (static _ => { })));
        return builder.Build();
    }
}
