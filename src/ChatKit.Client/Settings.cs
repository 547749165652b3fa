using ChatKit.Client.Connections;

namespace ChatKit.Client;

/// <summary>The address and the options of a client, which were checked and don't change.</summary>
internal sealed class Settings
{
    private static readonly string[] Schemes = ["http", "https", "ws", "wss"];

    /// <exception cref="ArgumentException">The address or an option is invalid.</exception>
    public Settings(Uri address, ChatClientOptions options)
    {
        if (!address.IsAbsoluteUri || !Schemes.Contains(address.Scheme))
            throw new ArgumentException($"'{address}' is not an absolute address with the scheme http, https, ws, or wss.", nameof(address));
        Check(options);
        Options = options.Copy();
        Endpoint = address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped); // no credentials
        Transports = [.. options.Transports.Distinct()];
        Headers = [.. options.Headers];
        (Address, After) = TakePositions(address);
        foreach (var (room, position) in options.After)
            After[room] = position.ToString();
    }

    /// <summary>The address without positions.</summary>
    public Uri Address { get; }

    /// <summary>The address without a query, which can contain secrets, for logs.</summary>
    public string Endpoint { get; }

    public ChatClientOptions Options { get; }

    public ChatTransport[] Transports { get; }

    public KeyValuePair<string, string>[] Headers { get; }

    /// <summary>The positions from which the client starts, by room, each perhaps with a revision.</summary>
    public Dictionary<string, string> After { get; }

    public TimeProvider Time => Options.TimeProvider;

    public ClientTimes Times => Options.Times;

    private static void Check(ChatClientOptions options)
    {
        if (options.Transports.Count == 0)
            throw new ArgumentException($"{nameof(ChatClientOptions)}.{nameof(options.Transports)} is empty.", nameof(options));
        AtLeast(options, options.MaxPendingMessages, 1, nameof(options.MaxPendingMessages));
        AtLeast(options, options.MaxPendingBytes, 1, nameof(options.MaxPendingBytes));
        AtLeast(options, options.MaxQueuedEvents, 1, nameof(options.MaxQueuedEvents));
        AtLeast(options, options.ConnectTimeout.Ticks, 1, nameof(options.ConnectTimeout));
        AtLeast(options, options.CloseTimeout.Ticks, 0, nameof(options.CloseTimeout));
    }

    private static void AtLeast(ChatClientOptions options, long value, long min, string name)
    {
        if (value < min)
            throw new ArgumentOutOfRangeException(nameof(options), value, $"{nameof(ChatClientOptions)}.{name} must be at least {min}.");
    }

    /// <summary>Takes parameters such as <c>after=lobby~5k2j9:42/17</c> out of the query.</summary>
    private static (Uri Address, Dictionary<string, string> After) TakePositions(Uri address)
    {
        var after = new Dictionary<string, string>();
        var others = new List<string>();
        foreach (var part in address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!part.StartsWith("after=", StringComparison.Ordinal))
            {
                others.Add(part);
                continue;
            }

            var value = Uri.UnescapeDataString(part["after=".Length..].Replace('+', ' '));
            var tilde = value.LastIndexOf('~');
            var slash = value.IndexOf('/', tilde + 1);
            var position = value[(tilde + 1)..(slash < 0 ? value.Length : slash)];
            if (tilde < 0 || !MessagePosition.TryParse(position, out _))
                throw new ArgumentException($"'{value}' in the address is not a position, such as 'lobby~5k2j9:42'.", nameof(address));
            after[value[..tilde]] = value[(tilde + 1)..];
        }

        return (new UriBuilder(address) { Query = string.Join('&', others) }.Uri, after);
    }
}
