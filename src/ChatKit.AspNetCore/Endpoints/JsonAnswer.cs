using Microsoft.AspNetCore.Http;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>Answers requests with JSON.</summary>
internal static class JsonAnswer
{
    public const string MediaType = "application/json";

    public static Task WriteAsync(HttpContext context, int status, ReadOnlyMemory<byte> json, string type = MediaType)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.XContentTypeOptions = "nosniff"; // The text can contain data from the client.
        context.Response.ContentType = type;
        context.Response.ContentLength = json.Length;
        return context.Response.Body.WriteAsync(json, context.RequestAborted).AsTask();
    }
}
