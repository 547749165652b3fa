namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>
/// There is no layer between the frames and the socket: the server reads from the transport's pipe, and writes to it or to the socket. To
/// add another way, copy this file and configure the endpoint or the listener of its server.
/// </summary>
public static class OverSocket
{
    public sealed class Server : EchoServer;

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
