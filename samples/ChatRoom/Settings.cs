using System.Net;
using StackExchange.Redis;

namespace ChatRoom;

/// <summary>The settings from the command line.</summary>
internal sealed record Settings(string Host, int Port, LogLevel Logging, string? Redis, string? Otlp)
{
    public string ListenUrl => Url(Host == "localhost" && Port == 0 ? "127.0.0.1" : Host, Port);

    /// <summary>A line that states where messages are stored.</summary>
    public string HistoryPlace => Redis is null
        ? "History: the last 100 messages of each room, in memory; they are gone when the program ends."
        : $"History: the last 100 messages of each room, in Redis at {string.Join(", ", ConfigurationOptions.Parse(Redis).EndPoints.Select(Describe))}.";

    /// <summary>The URL for a browser on this machine, also if the server listens on a wildcard address.</summary>
    public string BrowserUrl(string listening) =>
        Host is "0.0.0.0" or "::" ? Url("localhost", new Uri(listening).Port) : listening;

    private static string? Describe(EndPoint endpoint) => endpoint is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : endpoint.ToString();

    private static string Url(string host, int port) => new UriBuilder(Uri.UriSchemeHttp, host, port).Uri.GetLeftPart(UriPartial.Authority);
}
