using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>The ends of connections without HTTP, whose applications read and write the pipes of the transport.</summary>
public class ConnectionEndTests
{
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(LargeBody.Size)]
    public async Task A_client_that_sends_nothing_more_still_gets_its_answer(int size)
    {
        await using var server = await EpollServer.RunAsync(static async connection =>
        {
            using var received = new MemoryStream();
            await connection.Transport.Input.CopyToAsync(received);
            await connection.Transport.Output.WriteAsync((byte[])[.. received.ToArray(), .. "end"u8]);
        });
        using var client = await server.ConnectRawAsync();

        await client.SendAsync(LargeBody.Bytes.AsMemory(0, size));
        client.Socket.Shutdown(SocketShutdown.Send);

        await ExpectAsync(client, [.. LargeBody.Bytes.AsSpan(0, size), .. "end"u8]);
    }

    /// <summary>The application goes on, and reads nothing.</summary>
    [Theory]
    [InlineData(3, 0)]
    [InlineData(3, 10_000)]
    [InlineData(LargeBody.Size, 0)]
    [InlineData(LargeBody.Size, 10_000)]
    public async Task An_output_that_is_complete_ends_the_connection_for_the_client_behind_what_was_written(int size, int unread)
    {
        await using var server = await EpollServer.RunAsync(async connection =>
        {
            await _arrived.Task;
            connection.Transport.Output.Write(LargeBody.Bytes.AsSpan(0, size));
            await connection.Transport.Output.CompleteAsync();
            await _go.Task;
        });
        using var client = await server.ConnectRawAsync();
        await client.SendAsync(new byte[unread]);
        _arrived.SetResult();

        await ExpectAsync(client, LargeBody.Bytes.AsSpan(0, size).ToArray());

        _go.SetResult();
    }

    [Fact]
    public async Task What_was_written_before_the_application_returns_arrives_although_it_left_bytes_unread()
    {
        await using var server = await EpollServer.RunAsync(async connection =>
        {
            // Nobody can prevent the reset if bytes arrive when the connection is closed.
            await _go.Task;
            connection.Transport.Output.Write("answer"u8);
        });
        using var client = await server.ConnectRawAsync();

        await client.SendAsync(new byte[50_000]);
        _go.SetResult();

        await ExpectAsync(client, "answer"u8.ToArray());
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 10_000)]
    [InlineData(true, 0)]
    [InlineData(true, 10_000)]
    public async Task The_end_is_signaled_while_nobody_reads(bool reset, int unread)
    {
        await using var server = await EpollServer.RunAsync(async connection =>
        {
            await using var registration = connection.ConnectionClosed.Register(() => _closed.SetResult());
            await connection.Transport.Output.WriteAsync("x"u8.ToArray());
            await _go.Task;
        });
        using var client = await server.ConnectRawAsync();
        Assert.Equal(1, await client.Socket.ReceiveAsync(new byte[1]).Soon());
        await client.SendAsync(new byte[unread]);

        if (reset)
            client.Reset();
        else
            client.Socket.Shutdown(SocketShutdown.Send);

        await _closed.Task.Soon();
        _go.SetResult();
    }

    [Fact]
    public async Task A_connection_that_is_aborted_is_reset_and_its_read_fails()
    {
        var error = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await EpollServer.RunAsync(async connection =>
        {
            // A client that is still connecting would fail.
            await _go.Task;
            var reading = connection.Transport.Input.ReadAsync().AsTask();
            connection.Abort();
            error.SetResult(await Record.ExceptionAsync(() => reading));
        });
        using var client = await server.ConnectRawAsync();
        _go.SetResult();

        Assert.True((await client.ReadToEndAsync()).WasReset);
        Assert.IsType<ConnectionAbortedException>(await error.Task.Soon());
    }

    private static async Task ExpectAsync(RawClient client, byte[] expected)
    {
        var (bytes, wasReset) = await client.ReadToEndAsync();
        Assert.False(wasReset);
        Assert.Equal(expected.Length, bytes.Length);
        Assert.Equal(expected.Length, expected.AsSpan().CommonPrefixLength(bytes));
    }
}
