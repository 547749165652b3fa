using System.Globalization;
using System.Security.Claims;

namespace ChatRoom;

/// <summary>
/// Takes people for who they say they are, by the query's parameter "name". So anyone may claim any name: a real application
/// authenticates its users, for example with AddAuthentication() and RequireAuthorization() on the route.
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

    /// <summary>What people call themselves, short enough to show and without characters that break lines.</summary>
    private static string Clean(string? name)
    {
        var clean = Shorten(string.Concat((name ?? "").Where(c => !char.IsControl(c))).Trim());
        return clean.Length == 0 ? "Anonymous" : clean;
    }

    /// <summary>Cuts between what people take for characters: half of one is not even valid Unicode.</summary>
    private static string Shorten(string text)
    {
        var length = 0;
        while (length < text.Length && length + StringInfo.GetNextTextElementLength(text, length) is var next and <= MaxLength)
            length = next;
        return text[..length];
    }
}
