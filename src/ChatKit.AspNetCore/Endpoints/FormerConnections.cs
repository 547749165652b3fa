using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// Reads the ids of a client's earlier connections from the query of its handshake: <c>?connection=id</c>, repeatable. A client gains
/// nothing by stating the ids of other clients, because it only receives fewer messages.
/// </summary>
internal static class FormerConnections
{
    private const string Parameter = "connection";

    /// <summary>A client that loses many connections has to name only those on which it sent messages.</summary>
    private const int MaxCount = 8;

    private const int MaxLength = 64;

    public static bool TryRead(IQueryCollection query, out IReadOnlyCollection<string> ids, [NotNullWhen(false)] out string? problem)
    {
        var values = query[Parameter];
        ids = [];
        problem = values.Count > MaxCount || values.Any(static id => string.IsNullOrEmpty(id) || id.Length > MaxLength)
            ? $"A client can name at most {MaxCount} earlier connections, each by the id from its welcome, such as '{Parameter}=0c9f2a'."
            : null;
        if (problem is null && values.Count > 0)
            ids = [.. values.OfType<string>()];
        return problem is null;
    }
}
