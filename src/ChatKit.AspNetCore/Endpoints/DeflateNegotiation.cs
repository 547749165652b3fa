using System.Globalization;
using System.Net.WebSockets;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>Reads what was agreed on for permessage-deflate from the handshake's response (RFC 7692 section 7.1).</summary>
internal static class DeflateParameters
{
    private const string Extension = "permessage-deflate";

    /// <param name="header">The response's <c>Sec-WebSocket-Extensions</c>.</param>
    /// <returns>Null if compression was not agreed on.</returns>
    public static WebSocketDeflateOptions? Parse(string? header)
    {
        var parts = (header ?? "").Split(';', StringSplitOptions.TrimEntries);
        if (parts[0] != Extension)
            return null;

        var options = new WebSocketDeflateOptions();
        foreach (var part in parts.Skip(1))
        {
            var (name, value) = part.Split('=', 2) is [var n, var v] ? (n, v.Trim('"')) : (part, null);
            switch (name)
            {
                case "client_no_context_takeover":
                    options.ClientContextTakeover = false;
                    break;
                case "server_no_context_takeover":
                    options.ServerContextTakeover = false;
                    break;
                case "client_max_window_bits" when value is not null:
                    options.ClientMaxWindowBits = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "server_max_window_bits" when value is not null:
                    options.ServerMaxWindowBits = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
            }
        }

        return options;
    }
}
