using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>As <see cref="OverTls"/>, over ChatKit's transport: TLS reads and writes its pipes as streams.</summary>
public static class TlsOverEpoll
{
    public sealed class Server : EchoServer
    {
        protected override X509Certificate2? Certificate { get; } = SelfSigned.Create();

        protected override void Build(WebApplicationBuilder builder) => builder.WebHost.UseChatKitSockets();

        protected override void Listen(ListenOptions options) => options.UseHttps(Certificate!);
    }

    public sealed class EarlyFrames(Server server) : EarlyFrameTests(server), IClassFixture<Server>;

    public sealed class FrameLengths(Server server) : FrameLengthTests(server), IClassFixture<Server>;

    public sealed class ControlFrames(Server server) : ControlFrameTests(server), IClassFixture<Server>;

    public sealed class Close(Server server) : CloseTests(server), IClassFixture<Server>;

    public sealed class AfterFault(Server server) : AfterFaultTests(server), IClassFixture<Server>;

    public sealed class RandomStreams(Server server) : RandomStreamTests(server), IClassFixture<Server>;
}
