using Microsoft.AspNetCore.Http.Features;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// Wraps the server's upgrade features and captures the stream that they return. The platform checks, negotiates and answers the handshake,
/// and ChatKit reads and writes the frames.
/// </summary>
internal sealed class TransportCapture(IHttpUpgradeFeature? upgrade, IHttpExtendedConnectFeature? connect)
    : IHttpUpgradeFeature, IHttpExtendedConnectFeature
{
    public Stream? Stream { get; private set; }

    /// <summary>The feature that upgrades the request; null if the request is an extended CONNECT.</summary>
    public IHttpUpgradeFeature? Upgrade => IsExtendedConnect ? null : upgrade;

    public bool IsUpgradableRequest => upgrade?.IsUpgradableRequest == true;

    public bool IsExtendedConnect => connect?.IsExtendedConnect == true;

    public string? Protocol => connect?.Protocol;

    public async Task<Stream> UpgradeAsync() =>
        Stream = await (upgrade ?? throw new NotSupportedException("The server cannot upgrade this request.")).UpgradeAsync().ConfigureAwait(false);

    public async ValueTask<Stream> AcceptAsync() =>
        Stream = await (connect ?? throw new NotSupportedException("The server cannot accept this CONNECT request.")).AcceptAsync().ConfigureAwait(false);
}
