using System.Collections.Concurrent;
using System.Diagnostics;

namespace ChatKit.AspNetCore.Tests.Proxies;

/// <summary>An nginx with the configuration of the documentation, in a process of its own, with a port and a folder of its own.</summary>
internal sealed class Nginx : ReverseProxy
{
    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private Nginx(Uri address, Process process, DirectoryInfo folder)
        : base(address) => (_process, _folder) = (process, folder);

    /// <param name="nodes">The addresses of the application.</param>
    /// <param name="settings">What differs from the documentation.</param>
    /// <param name="change">Changes the configuration; null to leave it as it is.</param>
    public static async Task<Nginx> StartAsync(IEnumerable<Uri> nodes, ProxySettings settings, Func<string, string>? change = null)
    {
        var nginx = Requirement.Nginx();
        var port = RedisServer.FreePort();
        var folder = Directory.CreateTempSubdirectory("chatkit-nginx-");
        var configuration = Configuration(port, nodes, settings);
        await File.WriteAllTextAsync(
            Path.Combine(folder.FullName, "nginx.conf"), change?.Invoke(configuration) ?? configuration, TestContext.Current.CancellationToken);

        var complaints = new ConcurrentQueue<string>();
        var process = ChildProcess.Start(
            new ProcessStartInfo(nginx, ["-p", folder.FullName, "-c", "nginx.conf", "-e", "stderr"]) { RedirectStandardError = true });
        process.ErrorDataReceived += (_, line) => complaints.Enqueue(line.Data ?? "");
        process.BeginErrorReadLine();
        try
        {
            // If it has ended, the wait below fails at once.
            var ended = process.WaitForExitAsync(CancellationToken.None);
            if (await Task.WhenAny(DotnetProcess.UntilAcceptsAsync(port), ended) == ended)
                Assert.Fail($"nginx has ended: {string.Join('\n', complaints)}");
        }
        catch
        {
            await EndAsync(process, folder);
            throw;
        }

        return new Nginx(new Uri($"http://127.0.0.1:{port}"), process, folder);
    }

    public override ValueTask DisposeAsync() => new(EndAsync(_process, _folder));

    private static async Task EndAsync(Process process, DirectoryInfo folder)
    {
        process.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
        folder.Delete(recursive: true);
    }

    /// <summary>A single process, so that no worker is left when it is killed. Its folder is the only one to which it writes.</summary>
    private static string Configuration(int port, IEnumerable<Uri> nodes, ProxySettings settings) =>
        $$"""
        daemon off;
        master_process off;
        pid nginx.pid;
        error_log stderr warn;
        events {
        }
        http {
            access_log off;
            client_body_temp_path body;
            proxy_temp_path proxy;
            fastcgi_temp_path fastcgi;
            uwsgi_temp_path uwsgi;
            scgi_temp_path scgi;
            {{(settings.Compresses ? "gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0;" : "")}}
        {{Server(port, nodes, settings)}}
        }
        """;

    private static string Server(int port, IEnumerable<Uri> nodes, ProxySettings settings)
    {
        var text = Documented("nginx");
        text = Replace(text, "    server 10.0.0.11:8080;\n", string.Concat(nodes.Select(static node => $"    server {node.Authority};\n")));
        text = Replace(text, "    server 10.0.0.12:8080;\n", "");
        text = Replace(text, "listen 80;", $"listen 127.0.0.1:{port};");
        if (settings.IdleSeconds is { } seconds)
            text = Replace(text, "proxy_read_timeout 60s;", $"proxy_read_timeout {seconds}s;");
        if (!settings.BlocksWebSockets)
            return text;

        // What an nginx does that nobody has prepared for WebSockets: HTTP/1.0, and no header of a single hop is passed on.
        text = Replace(text, "proxy_http_version 1.1;", "");
        text = Replace(text, "proxy_set_header Upgrade $http_upgrade;", "");
        return Replace(text, "proxy_set_header Connection $connection_upgrade;", "");
    }
}
