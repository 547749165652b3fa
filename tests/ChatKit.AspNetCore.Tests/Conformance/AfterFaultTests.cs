namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>
/// RFC 6455 section 7.1.7: after a fault the client is told its code, and nothing that it sends is looked at any more. A server that
/// ended the connection with bytes unread would reset it, and the reset would overtake the close frame.
/// </summary>
[DependsOn(Aspect.Carrier)]
public abstract class AfterFaultTests(EchoServer server) : ConformanceTests(server)
{
    private static readonly Dictionary<string, (int Code, byte[] Frame)> FaultsByName = new()
    {
        ["not masked"] = (1002, ClientFrame.Of(ClientFrame.Text, "hi"u8, key: null)),
        ["reserved bit"] = (1002, ClientFrame.Of(0x40 | ClientFrame.Text, "hi")),
        ["reserved opcode"] = (1002, ClientFrame.Of(0x3, "hi")),
        ["continuation of nothing"] = (1002, ClientFrame.Of(ClientFrame.Continuation, "hi")),
        ["long ping"] = (1002, ClientFrame.Of(ClientFrame.Ping, new string('x', 126))),
        ["ping in fragments"] = (1002, ClientFrame.Of(ClientFrame.Ping, "hi", final: false)),
        ["half a code"] = (1002, ClientFrame.Of(ClientFrame.Close, "h")),
        ["code that may not be sent"] = (1002, ClientFrame.CloseWith(1006)),
        ["reason that is not UTF-8"] = (1007, ClientFrame.CloseWith(1000, [0xFF])),
        ["text that is not UTF-8"] = (1007, ClientFrame.Of(ClientFrame.Text, [0xFF])),
        ["length above the limit"] = (1009, ClientFrame.Header(ClientFrame.Binary, EchoServer.MaxMessageSize + 1)),
        ["length far above the limit"] = (1009, ClientFrame.Header(ClientFrame.Binary, long.MaxValue)),
        ["message above the limit"] = (1009, ClientFrame.Of(ClientFrame.Binary, new byte[EchoServer.MaxMessageSize + 1])),
    };

    private static readonly Dictionary<string, byte[]> RestsByName = new()
    {
        ["messages"] = [.. Enumerable.Repeat(ClientFrame.Of(ClientFrame.Text, new string('x', 1000)), 1100).SelectMany(static f => f)],
        ["no frames at all"] = [.. Enumerable.Repeat((byte)'x', 1024 * 1024)],
        ["close frames"] = [.. Enumerable.Repeat(ClientFrame.CloseWith(4000), 100_000).SelectMany(static f => f)],
    };

    public static TheoryData<string> Faults => [.. FaultsByName.Keys];

    public static MatrixTheoryData<string, string> FaultsAndRests => new(FaultsByName.Keys, RestsByName.Keys);

    [Theory]
    [MemberData(nameof(FaultsAndRests))]
    public async Task A_client_that_goes_on_sending_is_told_its_fault(string fault, string rest)
    {
        var (code, frame) = FaultsByName[fault];
        using var client = await ConnectAsync();

        await client.SendAsync(frame, RestsByName[rest]);

        Assert.Equal(code, await client.Raw.ReceiveCloseAsync());
        await client.Raw.FinishAsync();
        Assert.Equal(code, (int)(await client.ClosedAsync()).Code);
        Assert.Equal(0, client.MessagesHandled);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_client_that_answers_and_leaves_finds_an_orderly_end(string fault)
    {
        var (code, frame) = FaultsByName[fault];
        using var client = await ConnectAsync();
        await client.SendAsync(frame);
        Assert.Equal(code, await client.Raw.ReceiveCloseAsync());

        await client.SendAsync(ClientFrame.CloseWith(code));

        await client.Raw.FinishAsync();
        Assert.Equal(code, (int)(await client.ClosedAsync()).Code);
    }

    [Fact]
    public async Task The_answers_to_earlier_messages_come_before_the_close_frame()
    {
        using var client = await ConnectAsync();
        for (var i = 0; i < 10; i++)
            await client.ExpectAliveAsync();

        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, [0xFF]), RestsByName["messages"]);

        await client.ExpectFaultAsync(1007);
        Assert.Equal(10, client.MessagesHandled);
    }

    [Fact]
    public async Task Other_clients_notice_nothing()
    {
        using var other = await ConnectAsync();

        foreach (var (code, frame) in FaultsByName.Values)
            await FailsAsync(code, frame);

        await other.ExpectAliveAsync();
    }
}
