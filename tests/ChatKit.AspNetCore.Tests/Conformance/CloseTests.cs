using System.Net.WebSockets;
using System.Text;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>RFC 6455 sections 5.5.1, 7.1 and 7.4: how a connection is closed.</summary>
[DependsOn(Aspect.Carrier)]
public abstract class CloseTests(EchoServer server) : ConformanceTests(server)
{
    private const int NoStatus = 1005;

    [Theory]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(1002)]
    [InlineData(1003)]
    [InlineData(1007)]
    [InlineData(1008)]
    [InlineData(1009)]
    [InlineData(1010)]
    [InlineData(1011)]
    [InlineData(1012)]
    [InlineData(1013)]
    [InlineData(1014)]
    [InlineData(3000)]
    [InlineData(3999)]
    [InlineData(4000)]
    [InlineData(4999)]
    public async Task A_code_that_may_be_sent_is_echoed(int code)
    {
        using var client = await ConnectAsync();

        await client.SendAsync(ClientFrame.CloseWith(code));

        await client.ExpectCloseAsync(code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(999)]
    [InlineData(1004)]
    [InlineData(1005)]
    [InlineData(1006)]
    [InlineData(1015)]
    [InlineData(1016)]
    [InlineData(1100)]
    [InlineData(2000)]
    [InlineData(2999)]
    [InlineData(5000)]
    [InlineData(65_535)]
    public async Task A_code_that_may_not_be_sent_is_1002(int code)
    {
        await FailsAsync(1002, ClientFrame.CloseWith(code));
        await FailsAsync(1002, ClientFrame.CloseWith(code, "with a reason"));
    }

    [Fact]
    public async Task A_close_frame_without_a_code_is_answered()
    {
        using var client = await ConnectAsync();

        await client.SendAsync(ClientFrame.Of(ClientFrame.Close, []));

        var (opcode, payload) = await client.Raw.ReceiveFrameAsync();
        Assert.Equal(ClientFrame.Close, opcode);
        Assert.True(payload is [] or [0x03, 0xE8], "the close frame has no code or 1000");
        await client.Raw.ExpectEndAsync();
        Assert.Equal(new CloseInfo((WebSocketCloseStatus)NoStatus, null, WasClean: true), await client.ClosedAsync());
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x03)]
    public Task Half_a_code_is_1002(byte half) => FailsAsync(1002, ClientFrame.Of(ClientFrame.Close, [half]));

    [Theory]
    [InlineData("bye")]
    [InlineData("grüße 💬")]
    [InlineData("\uFEFF and \0 are characters too")]
    public async Task The_handler_receives_the_reason(string reason)
    {
        using var client = await ConnectAsync();

        await client.SendAsync(ClientFrame.CloseWith(4000, reason));

        await client.ExpectCloseAsync(4000, reason);
    }

    [Fact]
    public async Task A_reason_of_123_bytes_is_echoed_completely()
    {
        using var client = await ConnectAsync();
        var reason = Encoding.ASCII.GetString(Payload(123 - 4)) + "💬";

        await client.SendInPiecesAsync(ClientFrame.CloseWith(1000, reason), 1);

        await client.ExpectCloseAsync(1000, reason);
    }

    public static TheoryData<string> NotUtf8 => [.. Utf8Cases.Invalid.Keys, .. Utf8Cases.Truncated.Keys];

    [Theory]
    [MemberData(nameof(NotUtf8))]
    public Task A_reason_that_is_not_UTF8_is_1007(string name) => FailsAsync(
        1007, ClientFrame.CloseWith(1000, Utf8Cases.Invalid.GetValueOrDefault(name) ?? Utf8Cases.Truncated[name]));

    [Fact]
    public async Task A_close_frame_may_interrupt_a_fragmented_message()
    {
        using var client = await ConnectAsync();

        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "half", final: false), ClientFrame.CloseWith(1001));

        await client.ExpectCloseAsync(1001);
        Assert.Equal(0, client.MessagesHandled);
    }

    [Fact]
    public async Task Messages_before_the_clients_close_frame_are_answered_before_it_is()
    {
        const int Messages = 10;
        using var client = await ConnectAsync();

        await client.SendAsync(
            [.. Enumerable.Range(0, Messages).Select(static i => ClientFrame.Of(ClientFrame.Text, $"{i}")), ClientFrame.CloseWith(4000)]);

        for (var i = 0; i < Messages; i++)
            await client.ExpectAsync(ClientFrame.Text, [(byte)('0' + i)]);
        await client.ExpectCloseAsync(4000);
        Assert.Equal(Messages, client.MessagesHandled);
    }

    public static TheoryData<string> Late => [.. LateFrames.Keys];

    private static readonly Dictionary<string, byte[]> LateFrames = new()
    {
        ["text"] = ClientFrame.Of(ClientFrame.Text, "late"),
        ["ping"] = ClientFrame.Of(ClientFrame.Ping, "late"),
        ["another close frame"] = ClientFrame.CloseWith(4001, "late"),
        ["frame against the protocol"] = ClientFrame.Of(0x3, "late"),
        ["text that is not UTF-8"] = ClientFrame.Of(ClientFrame.Text, [0xFF]),
        ["length above the limit"] = ClientFrame.Header(ClientFrame.Text, long.MaxValue),
    };

    [Theory]
    [MemberData(nameof(Late))]
    public async Task Frames_after_a_close_frame_are_ignored(string name)
    {
        using var client = await ConnectAsync();

        await client.SendAsync(ClientFrame.CloseWith(4000), LateFrames[name]);

        await client.ExpectCloseAsync(4000);
        Assert.Equal(0, client.MessagesHandled);
    }

    [Theory]
    [InlineData(4001)]
    [InlineData(1000)]
    public async Task The_servers_close_frame_wins_over_one_of_the_client_that_crosses_it(int code)
    {
        using var client = await ConnectAsync();
        await (await client.Connection).CloseAsync((WebSocketCloseStatus)4000, "mine");

        await client.SendAsync(ClientFrame.CloseWith(code));

        Assert.Equal(4000, await client.Raw.ReceiveCloseAsync());
        await client.Raw.ExpectEndAsync();
        Assert.Equal(new CloseInfo((WebSocketCloseStatus)4000, "mine", WasClean: true), await client.ClosedAsync());
    }

    [Fact]
    public async Task Frames_between_the_servers_close_frame_and_the_answer_are_ignored()
    {
        using var client = await ConnectAsync();
        await (await client.Connection).CloseAsync((WebSocketCloseStatus)4000, "mine");
        Assert.Equal(4000, await client.Raw.ReceiveCloseAsync());

        await client.SendAsync(
            ClientFrame.Of(ClientFrame.Text, "late"), ClientFrame.Of(ClientFrame.Ping, "late"), ClientFrame.CloseWith(4000));

        await client.Raw.ExpectEndAsync();
        Assert.Equal(new CloseInfo((WebSocketCloseStatus)4000, "mine", WasClean: true), await client.ClosedAsync());
        Assert.Equal(0, client.MessagesHandled);
    }

    [Fact]
    public async Task Both_close_at_the_same_time()
    {
        for (var i = 0; i < 20; i++)
        {
            using var client = await ConnectAsync();
            var connection = await client.Connection;
            await Task.WhenAll(
                Task.Run(async () => await connection.CloseAsync((WebSocketCloseStatus)4000)),
                client.SendAsync(ClientFrame.CloseWith(4001)));

            var code = await client.Raw.ReceiveCloseAsync();

            Assert.Contains(code, new[] { 4000, 4001 });
            await client.Raw.ExpectEndAsync();
            Assert.Equal(new CloseInfo((WebSocketCloseStatus)code, null, WasClean: true), await client.ClosedAsync());
        }
    }
}
