using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>Frames are encrypted. TLS is another layer that reads ahead and has its own end.</summary>
public static class OverTls
{
    public sealed class Server : EchoServer
    {
        protected override X509Certificate2? Certificate { get; } = SelfSigned.Create();

        protected override void Listen(ListenOptions options) => options.UseHttps(Certificate!);
    }

    public sealed class EarlyFrames(Server server) : EarlyFrameTests(server), IClassFixture<Server>;

    public sealed class FrameLengths(Server server) : FrameLengthTests(server), IClassFixture<Server>;

    public sealed class ControlFrames(Server server) : ControlFrameTests(server), IClassFixture<Server>;

    public sealed class Close(Server server) : CloseTests(server), IClassFixture<Server>;

    public sealed class AfterFault(Server server) : AfterFaultTests(server), IClassFixture<Server>;

    public sealed class RandomStreams(Server server) : RandomStreamTests(server), IClassFixture<Server>;
}
