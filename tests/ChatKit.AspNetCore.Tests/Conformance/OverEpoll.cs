using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>
/// As <see cref="OverSocket"/>, but ChatKit's transport reads and writes the sockets, and the frames are parsed on its thread. All suites run,
/// because it cuts what it reads in other places, and parses compressed frames on another thread.
/// </summary>
public static class OverEpoll
{
    public sealed class Server : EchoServer
    {
        protected override void Build(WebApplicationBuilder builder) => builder.WebHost.UseChatKitSockets();
    }

    public sealed class OpeningHandshake(Server server) : OpeningHandshakeTests(server), IClassFixture<Server>;

    public sealed class EarlyFrames(Server server) : EarlyFrameTests(server), IClassFixture<Server>;

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
