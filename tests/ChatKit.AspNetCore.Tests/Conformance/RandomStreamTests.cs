using System.Net.Sockets;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>Random streams, for cases that no other test covers. A seed always gives the same frames.</summary>
[DependsOn(Aspect.Carrier)]
public abstract class RandomStreamTests(EchoServer server) : ConformanceTests(server)
{
    private const int MessagesPerSeed = 100;
    private const int MutationsPerSeed = 40;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 5)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Valid_streams_are_echoed_exactly(int seed)
    {
        using var client = await ConnectAsync();
        var random = new RandomFrames(seed);
        var messages = random.Messages(MessagesPerSeed);

        var sending = SendAsync(client, random.Stream(messages), random);

        foreach (var (opcode, payload) in messages)
        {
            var frame = await ReceiveMessageAsync(client);
            Assert.Equal(opcode, frame.Opcode);
            Assert.Equal(payload, frame.Payload);
        }

        await sending;
        Assert.Equal(MessagesPerSeed, client.MessagesHandled);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Corrupted_streams_neither_hang_nor_crash_the_server(int seed)
    {
        using var other = await ConnectAsync();
        var random = new RandomFrames(1000 + seed);

        for (var i = 0; i < MutationsPerSeed; i++)
            await SurvivesAsync(random.Mutate(random.Stream(random.Messages(10))), random);

        await other.ExpectAliveAsync();
    }

    /// <summary>
    /// Sends any bytes and disconnects. The answer must consist of frames, and the handler is notified once how the connection ended.
    /// </summary>
    private async Task SurvivesAsync(byte[] stream, RandomFrames random)
    {
        using var client = await ConnectAsync();
        var receiving = ReceiveUntilEndAsync(client);
        try
        {
            await SendAsync(client, stream, random);
            client.Raw.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The corrupted bytes contain a valid close frame, and the server does not have to read what follows it.
        }

        var code = await receiving;
        var close = await client.ClosedAsync();
        if (code is not null && !close.WasClean)
            Assert.Contains(code.Value, new[] { 1002, 1007, 1009 });
    }

    /// <summary>Returns the code of the close frame, if there was one.</summary>
    private static async Task<int?> ReceiveUntilEndAsync(EchoClient client)
    {
        try
        {
            (int Opcode, byte[] Payload) frame;
            do
                frame = await client.Raw.ReceiveFrameAsync();
            while (frame.Opcode != ClientFrame.Close);
            return frame.Payload is [var high, var low, ..] ? (high << 8) | low : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static async Task SendAsync(EchoClient client, byte[] stream, RandomFrames random)
    {
        for (var sent = 0; sent < stream.Length;)
        {
            var size = Math.Min(random.Size() + 1, stream.Length - sent);
            await client.Raw.SendAsync(stream.AsMemory(sent, size));
            sent += size;
        }
    }

    private static async Task<(int Opcode, byte[] Payload)> ReceiveMessageAsync(EchoClient client)
    {
        (int Opcode, byte[] Payload) frame;
        do
            frame = await client.Raw.ReceiveFrameAsync();
        while (frame.Opcode == ClientFrame.Pong);
        return frame;
    }
}
