using System.Buffers;
using System.Net.Sockets;
using ChatKit.Connections;
using ChatKit.Connections.Transport;
using ChatKit.Rooms;
using ChatKit.Tests.Fixtures;
using ChatKit.WebSockets;

namespace ChatKit.Tests.Connections;

/// <summary>From the pipe to the socket while many write: what is in the pipe must not be overtaken.</summary>
public class SwitchUnderLoadTests
{
    private const int Writers = 8;
    private const int TextsEach = 500;

    /// <summary>So small a queue makes many writes of what is sent.</summary>
    private const int QueueLimit = 100;

    [Fact]
    public async Task No_frame_is_lost_duplicated_or_reordered()
    {
        using var way = await PipeAndSocket.CreateAsync(pipeBuffer: 4096);
        var queue = new OutboundQueue(way.Transport, QueueLimit, new OutboundListener(static e => Assert.Fail(e.ToString())));
        var fromPipe = CopySlowlyAsync(way);
        var receiving = ReceiveAsync(way);

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(queue, writer)))).Soon();
        var texts = await receiving.Soon();
        await way.Output.CompleteAsync();

        Assert.Equal(Writers * TextsEach, texts.Count);
        for (var writer = 0; writer < Writers; writer++)
        {
            var own = texts.Where(t => t.StartsWith($"{writer}:", StringComparison.Ordinal));
            Assert.Equal(Enumerable.Range(0, TextsEach).Select(i => $"{writer}:{i}"), own);
        }

        Assert.InRange(await fromPipe.Soon(), 1, texts.Sum(static t => Frame.OfText(t).Length) - 1);
    }

    private static async Task WriteAsync(OutboundQueue queue, int writer)
    {
        for (var i = 0; i < TextsEach; i++)
        {
            var frame = Frame.OfText($"{writer}:{i}");
            while (queue.TryEnqueue(frame) == EnqueueResult.Full)
                await queue.WaitForSpaceAsync(frame.Length);
        }
    }

    /// <summary>Carries the pipe to the socket as the server does, but a few bytes at a time. Gives how many they were.</summary>
    private static async Task<long> CopySlowlyAsync(PipeAndSocket way)
    {
        var copied = 0L;
        while (true)
        {
            var result = await way.Sent.ReadAsync();
            var piece = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, 7));
            await Task.Yield();
            copied += await way.Socket.SendAsync(piece.ToArray());
            way.Sent.AdvanceTo(piece.End);
            if (result.IsCompleted && result.Buffer.Length == piece.Length)
                return copied;
        }
    }

    /// <summary>Receives all texts, and answers pings.</summary>
    private static async Task<List<string>> ReceiveAsync(PipeAndSocket way)
    {
        await using var stream = new BufferedStream(new NetworkStream(way.Peer));
        List<string> texts = [];
        while (texts.Count < Writers * TextsEach)
        {
            var header = new byte[2];
            await stream.ReadExactlyAsync(header);
            var payload = new byte[header[1]];
            await stream.ReadExactlyAsync(payload);
            var frame = Assert.Single(Frame.Parse([.. header, .. payload]));
            if (frame.Opcode == WebSocketFrame.PingOpcode)
                way.Transport.OnPong(frame.Payload);
            else
                texts.Add(frame.Text);
        }

        return texts;
    }
}
