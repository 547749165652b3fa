using Microsoft.AspNetCore.Http.Features;

namespace ChatKit.AspNetCore.Tests.Endpoints;

/// <summary>Middleware's own upgrade: it counts what is written to the stream that it gives.</summary>
internal sealed class CountedUpgrade(IHttpUpgradeFeature upgrade, ByteCount written) : IHttpUpgradeFeature
{
    public bool IsUpgradableRequest => upgrade.IsUpgradableRequest;

    public async Task<Stream> UpgradeAsync() => new CountedStream(await upgrade.UpgradeAsync(), written);

    private sealed class CountedStream(Stream stream, ByteCount written) : AsyncStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            stream.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            written.Add(buffer.Length);
            return stream.WriteAsync(buffer, cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);

        public override void Flush() => stream.Flush();
    }
}
