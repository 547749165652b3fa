using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>Frames come encrypted: another layer that reads ahead, and that has an end of its own.</summary>
public static class OverTls
{
    public sealed class Server : EchoServer
    {
        protected override X509Certificate2? Certificate { get; } = SelfSigned.Create();

        protected override void Listen(ListenOptions options) => options.UseHttps(Certificate!);
    }

    public sealed class OpeningHandshake(Server server) : OpeningHandshakeTests(server), IClassFixture<Server>;

    public sealed class FrameLengths(Server server) : FrameLengthTests(server), IClassFixture<Server>;

    public sealed class Masking(Server server) : MaskingTests(server), IClassFixture<Server>;

    public sealed class ReservedBitsAndOpcodes(Server server) : ReservedBitsAndOpcodesTests(server), IClassFixture<Server>;

    public sealed class ControlFrames(Server server) : ControlFrameTests(server), IClassFixture<Server>;

    public sealed class Fragmentation(Server server) : FragmentationTests(server), IClassFixture<Server>;

    public sealed class Utf8(Server server) : Utf8Tests(server), IClassFixture<Server>;

    public sealed class Close(Server server) : CloseTests(server), IClassFixture<Server>;

    public sealed class AfterFault(Server server) : AfterFaultTests(server), IClassFixture<Server>;

    public sealed class DeflateNegotiation(Server server) : DeflateNegotiationTests(server), IClassFixture<Server>;

    public sealed class Deflate(Server server) : DeflateTests(server), IClassFixture<Server>;

    public sealed class RandomStreams(Server server) : RandomStreamTests(server), IClassFixture<Server>;
}
