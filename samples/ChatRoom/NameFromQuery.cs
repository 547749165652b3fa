using System.Globalization;
using System.Security.Claims;

namespace ChatRoom;

/// <summary>
/// Sets the user from the query parameter "name", without authentication, so anyone can use any name. A real application authenticates its
/// users, for example with AddAuthentication(), and RequireAuthorization() on the route.
/// </summary>
internal sealed class NameFromQuery(RequestDelegate next)
{
    private const int MaxLength = 40;

    public Task InvokeAsync(HttpContext context)
    {
        var name = Clean(context.Request.Query["name"]);
        var claims = new[] { new Claim(ClaimTypes.NameIdentifier, name), new Claim(ClaimTypes.Name, name) };
        context.User = new ClaimsPrincipal(new ClaimsIdentity(claims, authenticationType: "Name"));
        return next(context);
    }

    /// <summary>Returns the name without control characters, shortened for display.</summary>
    private static string Clean(string? name)
    {
        var clean = Shorten(string.Concat((name ?? "").Where(c => !char.IsControl(c))).Trim());
        return clean.Length == 0 ? "Anonymous" : clean;
    }

    /// <summary>Cuts between grapheme clusters, so that no surrogate pair or combined character is split.</summary>
    private static string Shorten(string text)
    {
        var length = 0;
        while (length < text.Length && length + StringInfo.GetNextTextElementLength(text, length) is var next and <= MaxLength)
            length = next;
        return text[..length];
    }
}
