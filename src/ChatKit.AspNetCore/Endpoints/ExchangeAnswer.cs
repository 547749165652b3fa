using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>Answers a request with the result of the frame that it contained.</summary>
internal static class ExchangeAnswer
{
    public static Task WriteAsync(HttpContext context, string room, ExchangeResult result)
    {
        if (context.RequestAborted.IsCancellationRequested)
            return Task.CompletedTask;
        if (result.Problem is { } problem)
            return Problem.AnswerAsync(context, StatusCodes.Status400BadRequest, "malformed", problem);
        if (!result.Answer.IsEmpty)
            return WriteAsync(context, room, result.Answer, result.IsMessage);
        if (result.Close is { } close)
            return Problem.AnswerAsync(context, close);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static Task WriteAsync(HttpContext context, string room, ReadOnlyMemory<byte> frame, bool isMessage)
    {
        using var document = JsonDocument.Parse(frame);
        var answer = document.RootElement;
        if (answer.GetProperty("type").ValueEquals("error"))
            return Problem.AnswerAsync(context, answer);
        if (!isMessage || !answer.TryGetProperty("position", out var at) || !MessagePosition.TryParse(at.GetString(), out var position))
            return JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, frame);

        // Where the stored message can be read, unless it is in another room than the client's: it is the last one before the next position.
        if (answer.GetProperty("room").ValueEquals(room))
        {
            var next = position with { Sequence = position.Sequence + 1 };
            context.Response.Headers.Location = context.Request.PathBase.Add(context.Request.Path)
                + context.Request.QueryString.Add("before", next.ToString()).Add("limit", "1").ToUriComponent();
        }

        return JsonAnswer.WriteAsync(context, StatusCodes.Status201Created, frame);
    }
}
