using System.Security.Claims;

namespace TeamChat;

/// <summary>
/// Takes the user from the query parameter "name", without authentication, so anyone can use any name. A real application authenticates its
/// users, and neither SignalR nor ChatKit sees a difference.
/// </summary>
internal sealed class NameFromQuery(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Query["name"] is [{ Length: > 0 } name])
            context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, name)], authenticationType: "Name"));
        return next(context);
    }
}
