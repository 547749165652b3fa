using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.IdentityModel.Tokens;

namespace TeamChat;

/// <summary>
/// The keys that all nodes share. Here they last as long as the process. Real nodes load them: the keys of cookies with
/// <c>AddDataProtection().PersistKeysTo…</c>, and the key of tokens from your secret store or your identity provider.
/// </summary>
internal sealed class Secrets
{
    public const string Issuer = "teamchat";

    public IDataProtectionProvider Cookies { get; } = new EphemeralDataProtectionProvider();

    public SymmetricSecurityKey Tokens { get; } = new(RandomNumberGenerator.GetBytes(32));
}
