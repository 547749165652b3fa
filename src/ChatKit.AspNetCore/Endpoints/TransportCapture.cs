using Microsoft.AspNetCore.Http.Features;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// Stands in front of the server's upgrade features and keeps the stream that they give. So the platform checks the handshake,
/// negotiates and answers it, and the connection's frames are ours to write.
/// </summary>
internal sealed class TransportCapture(IHttpUpgradeFeature? upgrade, IHttpExtendedConnectFeature? connect)
    : IHttpUpgradeFeature, IHttpExtendedConnectFeature
{
    public Stream? Stream { get; private set; }

    /// <summary>Who has upgraded the request; null if it is no upgrade but an extended CONNECT.</summary>
    public IHttpUpgradeFeature? Upgrade => IsExtendedConnect ? null : upgrade;

    public bool IsUpgradableRequest => upgrade?.IsUpgradableRequest == true;

    public bool IsExtendedConnect => connect?.IsExtendedConnect == true;

    public string? Protocol => connect?.Protocol;

    public async Task<Stream> UpgradeAsync() =>
        Stream = await (upgrade ?? throw new NotSupportedException("The server cannot upgrade this request.")).UpgradeAsync().ConfigureAwait(false);

    public async ValueTask<Stream> AcceptAsync() =>
        Stream = await (connect ?? throw new NotSupportedException("The server cannot accept this CONNECT request.")).AcceptAsync().ConfigureAwait(false);
}
