using System.Text;

namespace ChatKit.LoadTest.Generator.Http;

/// <summary>Builds HTTP/1.1 requests with no more headers than they need.</summary>
internal static class Request
{
    public static byte[] Get(Fleet fleet, string target, string accept) =>
        Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: {fleet.Server}\r\nAccept: {accept}\r\n\r\n");

    /// <summary>The head of a POST.</summary>
    public static byte[] Post(Fleet fleet, string target, int length, string type, string header = "") =>
        Encoding.ASCII.GetBytes(
            $"POST {target} HTTP/1.1\r\nHost: {fleet.Server}\r\nContent-Type: {type}\r\n{header}Content-Length: {length}\r\n\r\n");
}
