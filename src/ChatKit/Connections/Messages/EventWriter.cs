using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using ChatKit.ChatKitV1;
using ChatKit.Connections.Transport;
using ChatKit.WebSockets;

namespace ChatKit.Connections.Messages;

/// <summary>
/// Writes frames as server-sent events. Each frame is one event without a name, so that the <c>onmessage</c> of a page receives it; the end is
/// an event named <c>close</c>.
/// </summary>
internal sealed class EventWriter(PipeWriter output, IEventWriterListener listener) : FrameWriter
{
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\n\r"u8);

    private readonly EventIds _ids = new();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
    {
        var rest = frames.Span;
        var (hasPing, isLast) = (false, false);
        while (!isLast && ServerFrames.TryTake(ref rest, out var opcode, out var payload))
        {
            isLast = opcode == WebSocketFrame.CloseOpcode;
            if (isLast)
                WriteClose(payload);
            else
                hasPing |= Write(payload);
        }

        var flushing = output.FlushAsync();
        if (!flushing.IsCompletedSuccessfully || hasPing || isLast)
            return FlushedAsync(flushing, hasPing, isLast);
        ThrowIfEnded(flushing.Result);
        return ValueTask.CompletedTask;
    }

    private static void ThrowIfEnded(FlushResult result)
    {
        if (result.IsCanceled || result.IsCompleted)
            throw new IOException("The client has closed the event stream.");
    }

    private async ValueTask FlushedAsync(ValueTask<FlushResult> flushing, bool hasPing, bool isLast)
    {
        ThrowIfEnded(await flushing.ConfigureAwait(false));
        if (hasPing)
            listener.OnPingWritten();
        if (isLast)
            listener.OnCloseWritten();
    }

    /// <summary>Writes an event. Returns whether it is a ping, which is a comment: pages do not have to answer it.</summary>
    private bool Write(ReadOnlySpan<byte> payload)
    {
        var head = V1FrameHead.Read(payload);
        if (head.Type == V1FrameType.Ping)
        {
            output.Write(": ping\n\n"u8);
            return true;
        }

        if (head.MovesPosition)
            _ids.Write(output, head.Room, head.Position);
        output.Write("data: "u8);
        WriteLine(payload);
        output.Write("\n\n"u8);
        return false;
    }

    /// <summary>Writes JSON in one line. Line ends occur only between the tokens of JSON that an application has sent.</summary>
    private void WriteLine(ReadOnlySpan<byte> json)
    {
        while (json.IndexOfAny(LineEnds) is >= 0 and var end)
        {
            output.Write(json[..end]);
            output.Write(" "u8);
            json = json[(end + 1)..];
        }

        output.Write(json);
    }

    private void WriteClose(ReadOnlySpan<byte> payload)
    {
        WebSocketFrame.ReadClose(payload, out var status, out var reason);
        output.Write("event: close\ndata: "u8);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteNumber("code", (int)status);
            V1Content.WriteIfAny(json, "reason", reason);
            json.WriteEndObject();
        }

        output.Write("\n\n"u8);
    }
}

/// <summary>Is notified of what an <see cref="EventWriter"/> has written.</summary>
internal interface IEventWriterListener
{
    /// <summary>The network has accepted a heartbeat, and everything before it.</summary>
    void OnPingWritten();

    /// <summary>The network has accepted the last event.</summary>
    void OnCloseWritten();
}
