using Microsoft.AspNetCore.Builder;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>
/// Frames use the stream of the upgraded request.
/// </summary>
public static class OverUpgrade
{
    public sealed class Server : EchoServer
    {
        protected override void Configure(WebSocketEndpointOptions options) => options.DirectTransport = false;
    }

    public sealed class EarlyFrames(Server server) : EarlyFrameTests(server), IClassFixture<Server>;

    public sealed class FrameLengths(Server server) : FrameLengthTests(server), IClassFixture<Server>;

    public sealed class ControlFrames(Server server) : ControlFrameTests(server), IClassFixture<Server>;

    public sealed class Close(Server server) : CloseTests(server), IClassFixture<Server>;

    public sealed class AfterFault(Server server) : AfterFaultTests(server), IClassFixture<Server>;

    public sealed class RandomStreams(Server server) : RandomStreamTests(server), IClassFixture<Server>;
}
