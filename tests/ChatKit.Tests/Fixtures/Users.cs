using System.Security.Claims;

namespace ChatKit.Tests.Fixtures;

internal static class Users
{
    public static ClaimsPrincipal Named(string name) => new(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, name)], "test"));
}
