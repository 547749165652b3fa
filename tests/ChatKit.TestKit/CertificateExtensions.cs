using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace ChatKit.TestKit;

public static class CertificateExtensions
{
    /// <summary>Trusts this certificate only, which no authority has signed.</summary>
    public static RemoteCertificateValidationCallback Trusted(this X509Certificate2? certificate) =>
        (_, presented, _, _) => presented?.GetCertHashString() == certificate?.Thumbprint;
}
