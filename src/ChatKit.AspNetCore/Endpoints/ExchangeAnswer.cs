using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>Answers a request with the result of the frame that it contained.</summary>
internal static class ExchangeAnswer
{
    public static Task WriteAsync(HttpContext context, ExchangeResult result)
    {
        if (context.RequestAborted.IsCancellationRequested)
            return Task.CompletedTask;
        if (result.Problem is { } problem)
            return Problem.AnswerAsync(context, StatusCodes.Status400BadRequest, "malformed", problem);
        if (!result.Answer.IsEmpty)
            return WriteAsync(context, result.Answer);
        if (result.Close is { } close)
            return Problem.AnswerAsync(context, close);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> frame)
    {
        using var document = JsonDocument.Parse(frame);
        var answer = document.RootElement;
        if (answer.GetProperty("type").ValueEquals("error"))
            return Problem.AnswerAsync(context, answer);
        if (answer.GetProperty("type").ValueEquals("history"))
            return JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, frame);
        if (!answer.TryGetProperty("position", out var at) || !MessagePosition.TryParse(at.GetString(), out var position))
            return JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, frame);

        // Where the stored message can be read: it is the last one before the next position.
        var next = position with { Sequence = position.Sequence + 1 };
        context.Response.Headers.Location =
            $"{context.Request.PathBase}{context.Request.Path}?before={Uri.EscapeDataString(next.ToString())}&limit=1";
        return JsonAnswer.WriteAsync(context, StatusCodes.Status201Created, frame);
    }
}
