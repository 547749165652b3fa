namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>RFC 6455 sections 5.1 and 5.3: client frames are masked, with a new key each time.</summary>
[DependsOn(Aspect.Bytes)]
public abstract class MaskingTests(EchoServer server) : ConformanceTests(server)
{
    [Theory]
    [InlineData(ClientFrame.Text)]
    [InlineData(ClientFrame.Binary)]
    [InlineData(ClientFrame.Close)]
    [InlineData(ClientFrame.Ping)]
    [InlineData(ClientFrame.Pong)]
    public async Task A_frame_that_is_not_masked_is_1002(int opcode)
    {
        // A valid code for a close frame, and a few bytes for the others.
        await FailsAsync(1002, ClientFrame.Of(opcode, [0x03, 0xE8], key: null));
        await FailsAsync(1002, ClientFrame.Of(opcode, [], key: null));
    }

    [Fact]
    public Task A_continuation_that_is_not_masked_is_1002() => FailsAsync(
        1002,
        ClientFrame.Of(ClientFrame.Text, "a", final: false),
        ClientFrame.Of(ClientFrame.Continuation, "b"u8, key: null));

    [Theory]
    [InlineData(0x00000000)]
    [InlineData(0xFFFFFFFF)]
    [InlineData(0x01020304)]
    [InlineData(0x000000FF)]
    [InlineData(0xFF000000)]
    [InlineData(0x80808080)]
    public async Task The_payload_is_echoed_for_any_masking_key(uint key)
    {
        using var client = await ConnectAsync();

        foreach (var length in new[] { 0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 1000 })
        {
            await client.SendAsync(ClientFrame.Of(ClientFrame.Text, Payload(length), key: key));
            await client.ExpectAsync(ClientFrame.Text, Payload(length));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(13)]
    [InlineData(129)]
    [InlineData(333)]
    public async Task A_payload_may_arrive_in_pieces_that_are_not_a_multiple_of_the_key_length(int size)
    {
        using var client = await ConnectAsync();

        await client.SendInPiecesAsync(ClientFrame.Of(ClientFrame.Binary, Payload(1000), key: 0xA1B2C3D4), size);

        await client.ExpectAsync(ClientFrame.Binary, Payload(1000));
    }

    [Fact]
    public async Task Each_frame_of_a_message_may_have_its_own_key()
    {
        using var client = await ConnectAsync();
        var payload = Payload(100);

        await client.SendAsync(
            ClientFrame.Of(ClientFrame.Binary, payload.AsSpan(0, 33), final: false, key: 0x11223344),
            ClientFrame.Of(ClientFrame.Ping, "ping"u8, key: 0x99AABBCC),
            ClientFrame.Of(ClientFrame.Continuation, payload.AsSpan(33, 2), final: false, key: 0),
            ClientFrame.Of(ClientFrame.Continuation, payload.AsSpan(35), key: 0x55667788));

        await client.ExpectAsync(ClientFrame.Pong, "ping"u8.ToArray());
        await client.ExpectAsync(ClientFrame.Binary, payload);
    }
}
