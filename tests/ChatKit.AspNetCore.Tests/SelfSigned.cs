using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ChatKit.AspNetCore.Tests;

/// <summary>A self-signed certificate for the loopback address.</summary>
internal static class SelfSigned
{
    public static X509Certificate2 Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        return new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
