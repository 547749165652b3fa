using System.Text;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>RFC 6455 section 5.4: a message can have any number of frames, one message at a time.</summary>
[DependsOn(Aspect.Bytes)]
public abstract class FragmentationTests(EchoServer server) : ConformanceTests(server)
{
    public static TheoryData<int> Types => [ClientFrame.Text, ClientFrame.Binary];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Two_fragments(int opcode)
    {
        using var client = await ConnectAsync();

        await client.SendAsync(ClientFrame.Of(opcode, "hel", final: false));
        await client.SendAsync(ClientFrame.Of(ClientFrame.Continuation, "lo"));

        await client.ExpectAsync(opcode, "hello"u8.ToArray());
        await client.ExpectAliveAsync();
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Ten_thousand_fragments_of_one_byte(int opcode)
    {
        using var client = await ConnectAsync();
        var payload = Payload(10_000);

        await client.SendAsync([.. Fragments(opcode, payload)]);

        await client.ExpectAsync(opcode, payload);
    }

    [Theory]
    [InlineData("", "a", "b")]
    [InlineData("a", "", "b")]
    [InlineData("a", "b", "")]
    [InlineData("", "ab", "")]
    [InlineData("", "", "")]
    public async Task Empty_fragments(string first, string second, string third)
    {
        using var client = await ConnectAsync();

        await client.SendAsync(
            ClientFrame.Of(ClientFrame.Text, first, final: false),
            ClientFrame.Of(ClientFrame.Continuation, second, final: false),
            ClientFrame.Of(ClientFrame.Continuation, third));

        await client.ExpectAsync(ClientFrame.Text, Encoding.UTF8.GetBytes(first + second + third));
        await client.ExpectAliveAsync();
        Assert.Equal(2, client.MessagesHandled);
    }

    [Fact]
    public async Task Fragments_with_different_length_forms()
    {
        using var client = await ConnectAsync();
        var payload = Payload(5 + 126 + 65_536 + 125);

        await client.SendAsync(
            ClientFrame.Of(ClientFrame.Binary, payload.AsSpan(0, 5), final: false),
            ClientFrame.Of(ClientFrame.Continuation, payload.AsSpan(5, 126), final: false),
            ClientFrame.Of(ClientFrame.Continuation, payload.AsSpan(131, 65_536), final: false),
            ClientFrame.Of(ClientFrame.Continuation, payload.AsSpan(131 + 65_536)));

        await client.ExpectAsync(ClientFrame.Binary, payload);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_continuation_without_a_message_to_continue_is_1002(bool final)
    {
        await FailsAsync(1002, ClientFrame.Of(ClientFrame.Continuation, "a", final));

        // After the end of a message, there is no message to continue either.
        using var client = await ConnectAsync();
        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "a", final: false), ClientFrame.Of(ClientFrame.Continuation, "b"));
        await client.ExpectAsync(ClientFrame.Text, "ab"u8.ToArray());
        await client.SendAsync(ClientFrame.Of(ClientFrame.Continuation, "c", final));
        await client.ExpectFaultAsync(1002);
    }

    [Theory]
    [InlineData(ClientFrame.Text, ClientFrame.Text, true)]
    [InlineData(ClientFrame.Text, ClientFrame.Text, false)]
    [InlineData(ClientFrame.Text, ClientFrame.Binary, true)]
    [InlineData(ClientFrame.Binary, ClientFrame.Text, true)]
    [InlineData(ClientFrame.Binary, ClientFrame.Binary, false)]
    public Task A_new_message_between_fragments_is_1002(int open, int next, bool final) => FailsAsync(
        1002,
        ClientFrame.Of(open, "a", final: false),
        ClientFrame.Of(ClientFrame.Continuation, "b", final: false),
        ClientFrame.Of(next, "c", final));

    [Fact]
    public async Task Fragments_that_together_are_as_large_as_the_limit()
    {
        using var client = await ConnectAsync();
        var payload = Payload(EchoServer.MaxMessageSize);

        await client.SendAsync(ClientFrame.Of(ClientFrame.Binary, payload, final: false), ClientFrame.Of(ClientFrame.Continuation, ""));

        await client.ExpectAsync(ClientFrame.Binary, payload);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    public async Task Fragments_that_together_exceed_the_limit_are_1009_before_the_last_arrives(int count)
    {
        using var client = await ConnectAsync();
        var opcode = ClientFrame.Binary;
        for (var left = EchoServer.MaxMessageSize; left > 0;)
        {
            var size = Math.Min(left, (EchoServer.MaxMessageSize / count) + 1);
            await client.SendAsync(ClientFrame.Of(opcode, Payload(size), final: false));
            (opcode, left) = (ClientFrame.Continuation, left - size);
        }

        await client.SendAsync(ClientFrame.Header(opcode, 1, final: false));

        await client.ExpectFaultAsync(1009);
    }

    [Fact]
    public async Task Lengths_whose_sum_overflows_are_1009()
    {
        using var client = await ConnectAsync();

        await client.SendAsync(
            ClientFrame.Of(ClientFrame.Binary, "a", final: false), ClientFrame.Header(ClientFrame.Continuation, long.MaxValue));

        await client.ExpectFaultAsync(1009);
    }

    private static IEnumerable<byte[]> Fragments(int opcode, byte[] payload) =>
        payload.Select((_, i) => ClientFrame.Of(
            i == 0 ? opcode : ClientFrame.Continuation, payload.AsSpan(i, 1), final: i == payload.Length - 1));
}
