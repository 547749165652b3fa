using Microsoft.AspNetCore.Http.Features;

namespace ChatKit.AspNetCore.Tests.Endpoints;

/// <summary>An upgrade feature of middleware, whose stream counts the written bytes.</summary>
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
