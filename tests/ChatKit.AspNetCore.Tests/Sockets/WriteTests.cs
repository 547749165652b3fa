using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>What an application without HTTP writes to a connection whose client doesn't read yet.</summary>
public class WriteTests
{
    private const int First = LargeBody.MoreThanBuffers;

    private readonly TaskCompletionSource _flushWaits = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public enum CanceledCall
    {
        Write,
        Flush,
        FlushWithoutToken,
    }

    [Fact]
    public async Task What_is_written_while_a_flush_waits_arrives_behind_it()
    {
        await using var server = await EpollServer.RunAsync(async connection =>
        {
            var output = connection.Transport.Output;
            output.Write(LargeBody.Bytes.AsSpan(0, First));
            var flushing = output.FlushAsync();
            if (!flushing.IsCompleted)
                _flushWaits.SetResult();
            output.Write(LargeBody.Bytes.AsSpan(First));
            await flushing;
            await output.FlushAsync();
        });
        using var client = await server.ConnectRawAsync();
        await _flushWaits.Task.Soon();

        await ExpectAllAsync(client);
    }

    [Fact]
    public async Task An_empty_write_flushes_what_was_written_before()
    {
        await using var server = await EpollServer.RunAsync(async connection =>
        {
            connection.Transport.Output.Write("a"u8);
            await connection.Transport.Output.WriteAsync(default);
            await _flushWaits.Task;
        });
        using var client = await server.ConnectRawAsync();

        Assert.Equal(1, await client.Socket.ReceiveAsync(new byte[2]).Soon());

        _flushWaits.SetResult();
    }

    [Theory]
    [InlineData(CanceledCall.Write)]
    [InlineData(CanceledCall.Flush)]
    [InlineData(CanceledCall.FlushWithoutToken)]
    public async Task After_a_canceled_flush_the_connection_goes_on_with_all_bytes(CanceledCall call)
    {
        await using var server = await EpollServer.RunAsync(async connection =>
        {
            var bytes = LargeBody.Bytes.AsSpan(0, First).ToArray();
            await CancelAsync(connection.Transport.Output, bytes, call);

            // They belong to the caller again.
            Array.Clear(bytes);
            _flushWaits.SetResult();
            await connection.Transport.Output.WriteAsync(LargeBody.Bytes.AsMemory(First));
        });
        using var client = await server.ConnectRawAsync();
        await _flushWaits.Task.Soon();

        await ExpectAllAsync(client);
    }

    [Fact]
    public async Task A_flush_that_waits_ends_when_the_client_has_gone()
    {
        var ended = new TaskCompletionSource<FlushResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await EpollServer.RunAsync(async connection =>
        {
            var flushing = connection.Transport.Output.WriteAsync(LargeBody.Bytes);
            if (!flushing.IsCompleted)
                _flushWaits.SetResult();
            ended.SetResult(await flushing);
        });
        using var client = await server.ConnectRawAsync();
        await _flushWaits.Task.Soon();

        client.Reset();

        Assert.True((await ended.Task.Soon()).IsCompleted);
    }

    private static async Task CancelAsync(PipeWriter output, byte[] bytes, CanceledCall call)
    {
        using var cancel = new CancellationTokenSource();
        if (call != CanceledCall.Write)
            output.Write(bytes);
        var flushing = call switch
        {
            CanceledCall.Write => output.WriteAsync(bytes, cancel.Token),
            CanceledCall.Flush => output.FlushAsync(cancel.Token),
            _ => output.FlushAsync(CancellationToken.None),
        };
        Assert.False(flushing.IsCompleted);
        if (call == CanceledCall.FlushWithoutToken)
        {
            output.CancelPendingFlush();
            Assert.True((await flushing).IsCanceled);
        }
        else
        {
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await flushing);
        }
    }

    private static async Task ExpectAllAsync(RawClient client)
    {
        var (bytes, wasReset) = await client.ReadToEndAsync();
        Assert.False(wasReset);
        LargeBody.AssertEqual(bytes);
    }
}
