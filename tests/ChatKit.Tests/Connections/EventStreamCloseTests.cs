using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Connections;

/// <summary>Event streams that the server closes.</summary>
public class EventStreamCloseTests
{
    [Fact]
    public async Task A_client_that_leaves_as_soon_as_it_has_the_close_event_was_closed_cleanly()
    {
        using var gone = new CancellationTokenSource();
        await using var host = new ChatHost();
        var handler = new ScriptedHandler { Open = static it => it.Connection.CloseAsync((WebSocketCloseStatus)4001, "bye") };
        var info = new WebSocketConnectionInfo { Room = "lobby", Subprotocol = ChatKitSubprotocol.V1, Abort = static () => { } };

        await host.Services.GetRequiredService<WebSocketHandlerRunner>()
            .RunEventStreamAsync(new LeavingClient(gone), null, info, new WebSocketConnectionOptions(), _ => handler, gone.Token)
            .Soon();

        var close = await handler.Closed.Soon();
        Assert.True(gone.IsCancellationRequested);
        Assert.Equal((4001, true), ((int)close.Code, close.WasClean));
    }

    /// <summary>A client that ends the request when it has the close event, before the write of the server returns.</summary>
    private sealed class LeavingClient(CancellationTokenSource gone) : PipeWriter
    {
        private readonly Pipe _pipe = new();

        public override Memory<byte> GetMemory(int sizeHint = 0) => _pipe.Writer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _pipe.Writer.GetSpan(sizeHint);

        public override void Advance(int bytes) => _pipe.Writer.Advance(bytes);

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            var result = await _pipe.Writer.FlushAsync(cancellationToken);
            var read = await _pipe.Reader.ReadAsync(cancellationToken);
            var hasClose = Encoding.UTF8.GetString(read.Buffer).Contains("event: close", StringComparison.Ordinal);
            _pipe.Reader.AdvanceTo(read.Buffer.End);
            if (hasClose)
                await gone.CancelAsync();
            return result;
        }

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
