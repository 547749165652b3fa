using System.Net;
using System.Text.Json;

namespace ChatKit.TestKit.Client;

/// <summary>A response that was read to its end.</summary>
/// <param name="Status">The status.</param>
/// <param name="Type">The media type of the body; null if it has none.</param>
/// <param name="Body">The body.</param>
internal sealed record HttpAnswer(HttpStatusCode Status, string? Type, byte[] Body)
{
    public bool IsSuccess => (int)Status is >= 200 and < 300;

    public static async Task<HttpAnswer> ReadAsync(HttpResponseMessage response, CancellationToken limit) =>
        new(response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsByteArrayAsync(limit));

    /// <summary>What the server says about a failure (RFC 9457); null if the response is not the server's, but that of a proxy.</summary>
    public Problem? ReadProblem() =>
        Type == "application/problem+json" ? JsonSerializer.Deserialize(Body, FrameContext.Default.Problem) : null;

    /// <summary>The exception for a response that is not part of the protocol.</summary>
    public static HttpRequestException Unexpected(HttpStatusCode status) => new($"The server has answered {(int)status}.", null, status);
}
