using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>
/// The bytes arrive one at a time, so that each frame is cut everywhere. Small writes of the client do not ensure this, because the kernel
/// joins bytes that are written faster than they are read.
/// </summary>
public static class InPieces
{
    public sealed class Server : EchoServer
    {
        protected override void Listen(ListenOptions options) => options.Use(static (connection, next) =>
        {
            connection.Transport = new Transport(
                PipeReader.Create(new PiecewiseStream(connection.Transport.Input.AsStream())), connection.Transport.Output);
            return next(connection);
        });
    }

    public sealed class EarlyFrames(Server server) : EarlyFrameTests(server), IClassFixture<Server>;

    public sealed class FrameLengths(Server server) : FrameLengthTests(server), IClassFixture<Server>;

    public sealed class Masking(Server server) : MaskingTests(server), IClassFixture<Server>;

    public sealed class ReservedBitsAndOpcodes(Server server) : ReservedBitsAndOpcodesTests(server), IClassFixture<Server>;

    public sealed class ControlFrames(Server server) : ControlFrameTests(server), IClassFixture<Server>;

    public sealed class Fragmentation(Server server) : FragmentationTests(server), IClassFixture<Server>;

    public sealed class Utf8(Server server) : Utf8Tests(server), IClassFixture<Server>;

    public sealed class Close(Server server) : CloseTests(server), IClassFixture<Server>;

    public sealed class AfterFault(Server server) : AfterFaultTests(server), IClassFixture<Server>;

    public sealed class Deflate(Server server) : DeflateTests(server), IClassFixture<Server>;

    public sealed class RandomStreams(Server server) : RandomStreamTests(server), IClassFixture<Server>;

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
