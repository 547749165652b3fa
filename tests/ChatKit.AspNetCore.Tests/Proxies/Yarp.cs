using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.AspNetCore.Tests.Proxies;

/// <summary>A YARP with the configuration of the documentation, in this process.</summary>
internal sealed class Yarp : ReverseProxy
{
    private readonly ChatServer _server;

    private Yarp(ChatServer server)
        : base(server.Address) => _server = server;

    /// <param name="nodes">The addresses of the application.</param>
    /// <param name="settings">What differs from the documentation.</param>
    public static async Task<Yarp> StartAsync(IEnumerable<Uri> nodes, ProxySettings settings)
    {
        var server = await ChatServer.StartAsync(
            app =>
            {
                if (settings.Compresses)
                    app.UseResponseCompression();
                if (settings.BlocksWebSockets)
                    app.Use(static (context, next) =>
                    {
                        context.Features.Set<IHttpUpgradeFeature>(null);
                        return next(context);
                    });
                app.MapReverseProxy();
            },
            builder =>
            {
                builder.Services.AddResponseCompression(static options => options.MimeTypes =
                    [.. ResponseCompressionDefaults.MimeTypes, "text/event-stream"]);
                builder.Services.AddReverseProxy().LoadFromConfig(Configuration([.. nodes], settings).GetSection("ReverseProxy"));
            });
        return new Yarp(server);
    }

    public override ValueTask DisposeAsync() => _server.DisposeAsync();

    private static IConfigurationRoot Configuration(Uri[] nodes, ProxySettings settings)
    {
        var text = Replace(Documented("json"), "http://10.0.0.11:8080/", nodes[0].AbsoluteUri);
        text = Replace(text, "http://10.0.0.12:8080/", nodes[^1].AbsoluteUri);
        if (settings.IdleSeconds is { } seconds)
            text = Replace(text, "\"00:01:00\"", string.Create(CultureInfo.InvariantCulture, $"\"00:00:{seconds:00}\""));
        return new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(text))).Build();
    }
}
