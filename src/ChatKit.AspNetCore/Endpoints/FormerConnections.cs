using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// Reads from a handshake which connections the client had before: <c>?connection=id</c>, repeatable. Naming those of others does a client
/// no good: it is only sent less.
/// </summary>
internal static class FormerConnections
{
    private const string Parameter = "connection";

    /// <summary>A client that loses connections faster than it sends needs to name those alone by which it has sent.</summary>
    private const int MaxCount = 8;

    private const int MaxLength = 64;

    public static bool TryRead(IQueryCollection query, out IReadOnlyCollection<string> ids, [NotNullWhen(false)] out string? problem)
    {
        var values = query[Parameter];
        ids = [];
        problem = values.Count > MaxCount || values.Any(static id => string.IsNullOrEmpty(id) || id.Length > MaxLength)
            ? $"A client names at most {MaxCount} earlier connections, each by the id of its welcome, such as '{Parameter}=0c9f2a'."
            : null;
        if (problem is null && values.Count > 0)
            ids = [.. values.OfType<string>()];
        return problem is null;
    }
}
