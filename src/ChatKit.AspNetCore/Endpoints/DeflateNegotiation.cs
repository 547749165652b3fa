using System.Globalization;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// Negotiates permessage-deflate (RFC 7692 section 7.1), always without context takeover on either side. The platform's own negotiation
/// lets the client keep its context and accepts unknown parameters.
/// </summary>
internal static class DeflateNegotiation
{
    public const int MaxWindowBits = 15;

    private const string Extension = "permessage-deflate";
    private const string ClientTakeover = "client_no_context_takeover";
    private const string ServerTakeover = "server_no_context_takeover";
    private const string ClientWindow = "client_max_window_bits";
    private const string ServerWindow = "server_max_window_bits";

    private const int MinWindowBits = 8;

    /// <summary>Accepts the first offer that the server supports.</summary>
    /// <param name="offers">The elements of the request's <c>Sec-WebSocket-Extensions</c>, in the client's order of preference.</param>
    /// <returns>The agreement; null if there is no compression.</returns>
    public static DeflateAgreement? Answer(IEnumerable<string> offers) =>
        offers.Select(Answer).FirstOrDefault(static answer => answer is not null);

    private static DeflateAgreement? Answer(string offer)
    {
        var parts = offer.Split(';', StringSplitOptions.TrimEntries);
        if (parts[0] != Extension)
            return null;

        // RFC 7692 section 7.1.1.2: the server can require no context takeover from a client, even if the client hasn't offered it.
        var answer = $"{Extension}; {ServerTakeover}; {ClientTakeover}";
        var serverWindow = MaxWindowBits;
        var seen = new HashSet<string>();
        foreach (var part in parts.Skip(1))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? part : part[..equals].TrimEnd();
            var value = equals < 0 ? null : Unquote(part[(equals + 1)..].TrimStart());
            if (!seen.Add(name) || !IsSupported(name, value))
                return null;

            // Confirms a window size that the client states. This is optional for the client's own window, but some clients require it.
            if (value is not null)
                answer += $"; {name}={value}";
            if (name == ServerWindow)
                serverWindow = Bits(value).GetValueOrDefault();
        }

        return new DeflateAgreement(answer, serverWindow);
    }

    /// <summary>Whether a parameter is one of the four, is well-formed, and is supported (RFC 7692 section 7.1).</summary>
    private static bool IsSupported(string name, string? value) => name switch
    {
        ClientTakeover or ServerTakeover => value is null,
        ClientWindow => value is null || Bits(value) is >= MinWindowBits and <= MaxWindowBits,
        ServerWindow => Bits(value) is >= MinWindowBits and <= MaxWindowBits,
        _ => false,
    };

    /// <summary>Parses a decimal number without leading zeros. Returns null if it isn't one.</summary>
    private static int? Bits(string? value) =>
        value is { Length: 1 or 2 } && value.All(char.IsAsciiDigit) && value[0] != '0' ? int.Parse(value, CultureInfo.InvariantCulture) : null;

    private static string Unquote(string value) => value is ['"', .. var inner, '"'] ? inner : value;
}
