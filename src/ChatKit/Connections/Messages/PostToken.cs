using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace ChatKit.Connections.Messages;

/// <summary>
/// With what a client proves that a connection is its own: where the connection is, and a secret that only its node and its client know.
/// Nodes need no common key for it.
/// </summary>
/// <param name="Node">The id of the node that has the connection.</param>
/// <param name="Connection">The connection's id.</param>
/// <param name="Secret">The secret.</param>
internal sealed record PostToken(string Node, string Connection, string Secret)
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private const char Separator = '.';

    /// <summary>The length of a node's id and of a secret: 128 bits in hexadecimal digits.</summary>
    private const int IdLength = 32;

    /// <summary>The longest text; the ids of connections can be those of the host.</summary>
    private const int MaxLength = 256;

    public static PostToken Create(string node, string connection) =>
        new(node, connection, RandomNumberGenerator.GetHexString(IdLength, lowercase: true));

    /// <summary>Reads a token that a client has sent.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out PostToken? token)
    {
        token = null;
        if (text is null or { Length: > MaxLength })
            return false;
        var (first, last) = (text.IndexOf(Separator, StringComparison.Ordinal), text.LastIndexOf(Separator));
        if (first != IdLength || last <= first + 1 || last != text.Length - IdLength - 1 || text.AsSpan(0, first).ContainsAnyExcept(HexDigits))
            return false;
        token = new PostToken(text[..first], text[(first + 1)..last], text[(last + 1)..]);
        return true;
    }

    public override string ToString() => string.Join(Separator, Node, Connection, Secret);
}
