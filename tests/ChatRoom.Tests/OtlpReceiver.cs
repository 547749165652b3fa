using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace ChatRoom.Tests;

/// <summary>A fake OpenTelemetry collector, which accepts what exporters post over gRPC or HTTP, and keeps the bytes.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, string Body)> _posts;

    private OtlpReceiver(WebApplication app, ConcurrentQueue<(string Path, string Body)> posts) => (_app, _posts) = (app, posts);

    public string Endpoint => _app.Urls.Single();

    /// <param name="protocol"><c>grpc</c>, which uses HTTP/2 with prior knowledge, or <c>http/protobuf</c>.</param>
    public static async Task<OtlpReceiver> StartAsync(string protocol)
    {
        var posts = new ConcurrentQueue<(string Path, string Body)>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, listen => listen.Protocols = protocol == "grpc" ? HttpProtocols.Http2 : HttpProtocols.Http1));
        var app = builder.Build();
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);

            // Protobuf messages contain names in plain text.
            posts.Enqueue((context.Request.Path, Encoding.Latin1.GetString(body.ToArray())));
            context.Response.ContentType = context.Request.ContentType;
            if (protocol != "grpc")
                return;
            await context.Response.Body.WriteAsync(new byte[5]); // An empty message.
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await app.StartAsync();
        return new OtlpReceiver(app, posts);
    }

    /// <summary>Waits until all names were posted to a path with this ending, ignoring case.</summary>
    public async Task ReceiveAsync(string path, params string[] names)
    {
        var missing = names.ToList();
        try
        {
            await Patience.UntilAsync(
                () =>
                {
                    missing.RemoveAll(name => _posts.Any(
                        post => post.Path.Contains(path, StringComparison.OrdinalIgnoreCase) && post.Body.Contains(name, StringComparison.Ordinal)));
                    return missing.Count == 0;
                },
                path);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Of {path}, what never came is: {string.Join(", ", missing)}. Posts came to: {string.Join(", ", _posts.Select(static p => p.Path).Distinct())}");
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
