using System.Globalization;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// Agrees on permessage-deflate (RFC 7692 section 7.1), always without context takeover on either side. The platform's own
/// negotiation lets the client keep its context, and agrees to parameters that nobody knows.
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

    /// <summary>Answers the first offer that can be met.</summary>
    /// <param name="offers">The elements of the request's <c>Sec-WebSocket-Extensions</c>, the client's favorite first.</param>
    /// <returns>What is agreed on; null if there is nothing to compress with.</returns>
    public static DeflateAgreement? Answer(IEnumerable<string> offers) =>
        offers.Select(Answer).FirstOrDefault(static answer => answer is not null);

    private static DeflateAgreement? Answer(string offer)
    {
        var parts = offer.Split(';', StringSplitOptions.TrimEntries);
        if (parts[0] != Extension)
            return null;

        // RFC 7692 section 7.1.1.2: a client can be told to begin each message anew, whether or not it has offered to.
        var answer = $"{Extension}; {ServerTakeover}; {ClientTakeover}";
        var serverWindow = MaxWindowBits;
        var seen = new HashSet<string>();
        foreach (var part in parts.Skip(1))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? part : part[..equals].TrimEnd();
            var value = equals < 0 ? null : Unquote(part[(equals + 1)..].TrimStart());
            if (!seen.Add(name) || !CanMeet(name, value))
                return null;

            // A window that the client names is confirmed. For its own it need not be, but some clients insist on it.
            if (value is not null)
                answer += $"; {name}={value}";
            if (name == ServerWindow)
                serverWindow = Bits(value).GetValueOrDefault();
        }

        return new DeflateAgreement(answer, serverWindow);
    }

    /// <summary>Whether a parameter is one of the four, is well formed, and asks for what can be done (RFC 7692 section 7.1).</summary>
    private static bool CanMeet(string name, string? value) => name switch
    {
        ClientTakeover or ServerTakeover => value is null,
        ClientWindow => value is null || Bits(value) is >= MinWindowBits and <= MaxWindowBits,
        ServerWindow => Bits(value) is >= MinWindowBits and <= MaxWindowBits,
        _ => false,
    };

    /// <summary>A decimal number without leading zeros, or null.</summary>
    private static int? Bits(string? value) =>
        value is { Length: 1 or 2 } && value.All(char.IsAsciiDigit) && value[0] != '0' ? int.Parse(value, CultureInfo.InvariantCulture) : null;

    private static string Unquote(string value) => value is ['"', .. var inner, '"'] ? inner : value;
}
