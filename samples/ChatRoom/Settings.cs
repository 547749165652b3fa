using System.Net;
using StackExchange.Redis;

namespace ChatRoom;

/// <summary>What the command line says.</summary>
internal sealed record Settings(string Host, int Port, LogLevel Logging, string? Redis, string? Otlp)
{
    public string ListenUrl => Url(Host == "localhost" && Port == 0 ? "127.0.0.1" : Host, Port);

    /// <summary>Says what happens to messages when the program ends.</summary>
    public string HistoryPlace => Redis is null
        ? "History: the last 100 messages of each room, in memory; they are gone when the program ends."
        : $"History: the last 100 messages of each room, in Redis at {string.Join(", ", ConfigurationOptions.Parse(Redis).EndPoints.Select(Describe))}.";

    /// <summary>Where a browser on this machine finds the server, which a wildcard address does not tell.</summary>
    public string BrowserUrl(string listening) =>
        Host is "0.0.0.0" or "::" ? Url("localhost", new Uri(listening).Port) : listening;

    private static string? Describe(EndPoint endpoint) => endpoint is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : endpoint.ToString();

    private static string Url(string host, int port) => new UriBuilder(Uri.UriSchemeHttp, host, port).Uri.GetLeftPart(UriPartial.Authority);
}
