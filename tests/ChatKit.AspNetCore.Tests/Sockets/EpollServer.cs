using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>Applications whose sockets are read and written by ChatKit's transport.</summary>
internal static class EpollServer
{
    public static Task<ChatServer> StartAsync(
        Action<WebApplication> map, Action<ListenOptions>? listen = null, Action<WebApplicationBuilder>? build = null)
    {
        RequireLinux();
        return ChatServer.StartAsync(
            map,
            builder =>
            {
                builder.WebHost.UseChatKitSockets();
                build?.Invoke(builder);
            },
            listen);
    }

    /// <summary>Lets connections leave the HTTP layer, or not.</summary>
    public static Action<ListenOptions> Detach(bool detached) => listen =>
    {
        if (detached)
            listen.UseChatKitConnections();
    };

    /// <summary>Starts a server that gives its connections to an application without HTTP.</summary>
    public static Task<ChatServer> RunAsync(Func<ConnectionContext, Task> run) => StartAsync(static _ => { }, listen => listen.Run(run));

    /// <summary>On other systems, the tests would show Kestrel's own transport.</summary>
    public static void RequireLinux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "the transport uses epoll, which only Linux has");
}
