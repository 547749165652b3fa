using System.Buffers;
using System.Net.WebSockets;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>Answers requests with what went wrong, as <c>application/problem+json</c> (RFC 9457).</summary>
internal static class Problem
{
    /// <summary>In seconds.</summary>
    private const string RetryAfter = "1";

    /// <summary>Readable in a terminal. Browsers do not render the response, because of its type.</summary>
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with an error frame of <c>chatkit.v1</c>.</summary>
    public static Task AnswerAsync(HttpContext context, JsonElement error)
    {
        var code = error.GetProperty("code").GetString()!;
        return AnswerAsync(context, StatusOf(code), code, error.GetProperty("text").GetString(), Text(error, "ref"));
    }

    /// <summary>Answers with the close of a connection.</summary>
    public static Task AnswerAsync(HttpContext context, CloseInfo close) => AnswerAsync(
        context,
        (int)close.Code switch
        {
            (int)WebSocketCloseStatus.InternalServerError => StatusCodes.Status500InternalServerError,
            1012 or 1013 => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status403Forbidden,
        },
        "closed",
        close.Reason,
        closeCode: close.Code);

    /// <summary>Answers that the store cannot be reached.</summary>
    public static Task AnswerUnavailableAsync(HttpContext context) =>
        AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "unavailable", "The messages cannot be read now. Try again later.");

    public static Task AnswerAsync(
        HttpContext context, int status, string code, string? detail, string? reference = null, WebSocketCloseStatus? closeCode = null)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Readable))
        {
            json.WriteStartObject();
            json.WriteString("title", ReasonPhrases.GetReasonPhrase(status));
            json.WriteNumber("status", status);
            WriteIfAny(json, "detail", detail);
            json.WriteString("code", code);
            if (closeCode is { } close)
                json.WriteNumber("closeCode", (int)close);
            WriteIfAny(json, "ref", reference);
            json.WriteEndObject();
        }

        if (status == StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = RetryAfter;
        return JsonAnswer.WriteAsync(context, status, bytes.WrittenMemory, "application/problem+json");
    }

    private static int StatusOf(string code) => code switch
    {
        "malformed" or "unsupported" => StatusCodes.Status400BadRequest,
        "not_joined" or "too_many_rooms" => StatusCodes.Status409Conflict,
        "gone" => StatusCodes.Status410Gone,
        "rate_limited" => StatusCodes.Status429TooManyRequests,
        "unavailable" => StatusCodes.Status503ServiceUnavailable,
        "failed" => StatusCodes.Status500InternalServerError,
        _ => StatusCodes.Status403Forbidden, // Also what the handler itself refuses.
    };

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static void WriteIfAny(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }
}
