using Microsoft.AspNetCore.Http;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>Reads the bodies of requests.</summary>
internal static class RequestBody
{
    /// <summary>Reads the body of a request. Returns null if it is larger than a limit, or if the client has gone before its end.</summary>
    public static async ValueTask<(byte[]? Body, bool IsComplete)> ReadAsync(HttpContext context, int limit)
    {
        try
        {
            return (await ReadWholeAsync(context, limit).ConfigureAwait(false), true);
        }
        catch (Exception e) when (e is OperationCanceledException or (IOException and not BadHttpRequestException))
        {
            context.Abort(); // Otherwise, Kestrel tries to read the rest.
            return (null, false);
        }
    }

    private static async ValueTask<byte[]?> ReadWholeAsync(HttpContext context, int limit)
    {
        if (context.Request.ContentLength > limit)
            return null;
        var reader = context.Request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            if (result.Buffer.Length > limit)
            {
                reader.AdvanceTo(result.Buffer.End); // The server reads the rest, and needs the reader.
                return null;
            }

            if (result.IsCompleted)
            {
                var body = System.Buffers.BuffersExtensions.ToArray(result.Buffer);
                reader.AdvanceTo(result.Buffer.End);
                return body;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}
