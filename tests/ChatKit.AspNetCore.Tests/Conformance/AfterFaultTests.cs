using System.Diagnostics;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>
/// RFC 6455 sections 5.5.1, 7.1.1 and 7.1.7: messages before a fault are handled and answered. Then the server sends the close code, and
/// handles nothing that follows. If the server ended the connection with unread bytes, the connection would be reset, and the reset would
/// overtake the close frame. The server therefore reads up to the client's own close frame, and then ends the connection.
/// </summary>
[DependsOn(Aspect.Carrier)]
public abstract class AfterFaultTests(EchoServer server) : ConformanceTests(server)
{
    private static readonly Dictionary<string, (int Code, byte[] Frame)> FaultsByName = new()
    {
        ["not masked"] = (1002, ClientFrame.Of(ClientFrame.Text, "hi"u8, key: null)),
        ["reserved bit"] = (1002, ClientFrame.Of(0x40 | ClientFrame.Text, "hi")),
        ["reserved opcode"] = (1002, ClientFrame.Of(0x3, "hi")),
        ["reserved opcode of a control frame"] = (1002, ClientFrame.Of(0xB, "hi")),
        ["continuation of nothing"] = (1002, ClientFrame.Of(ClientFrame.Continuation, "hi")),
        ["length not in the shortest form"] = (1002, ClientFrame.Of(ClientFrame.Text, "hi"u8, form: LengthForm.Bits64)),
        ["long ping"] = (1002, ClientFrame.Of(ClientFrame.Ping, new string('x', 126))),
        ["ping in fragments"] = (1002, ClientFrame.Of(ClientFrame.Ping, "hi", final: false)),
        ["long close frame"] = (1002, ClientFrame.CloseWith(1000, new string('x', 124))),
        ["close frame with a reserved bit"] = (1002, ClientFrame.Of(0x20 | ClientFrame.Close, [0x03, 0xE8])),
        ["text that is not UTF-8"] = (1007, ClientFrame.Of(ClientFrame.Text, [0xFF])),
        ["long text that is not UTF-8 at its beginning"] = (1007, ClientFrame.Of(ClientFrame.Text, [0xFF, .. Payload(100_000)])),
        ["message above the limit"] = (1009, ClientFrame.Of(ClientFrame.Binary, new byte[EchoServer.MaxMessageSize + 1])),
    };

    /// <summary>A close frame, valid or invalid, is the last frame of the client.</summary>
    private static readonly Dictionary<string, (int Code, byte[] Frame)> CloseFaultsByName = new()
    {
        ["half a code"] = (1002, ClientFrame.Of(ClientFrame.Close, "h")),
        ["code that may not be sent"] = (1002, ClientFrame.CloseWith(1006)),
        ["reason that is not UTF-8"] = (1007, ClientFrame.CloseWith(1000, [0xFF])),
    };

    /// <summary>The next bytes are still part of the frame.</summary>
    private static readonly Dictionary<string, (int Code, byte[] Frame)> UnfinishedByName = new()
    {
        ["length above the limit"] = (1009, ClientFrame.Header(ClientFrame.Binary, EchoServer.MaxMessageSize + 1)),
        ["length far above the limit"] = (1009, ClientFrame.Header(ClientFrame.Binary, long.MaxValue)),
        ["length with its highest bit set"] = (1002, ClientFrame.Header(ClientFrame.Binary, 1UL << 63)),
        ["text that is not UTF-8 and not whole"] = (1007, ClientFrame.Of(ClientFrame.Text, [0xFF, .. Payload(1000)])[..^500]),
    };

    private static readonly Dictionary<string, byte[]> RestsByName = new()
    {
        ["messages"] = [.. Enumerable.Repeat(ClientFrame.Of(ClientFrame.Text, new string('x', 1000)), 1100).SelectMany(static f => f)],
        ["no frames at all"] = [.. Enumerable.Repeat((byte)'x', 1024 * 1024)],
        ["pings"] = [.. Enumerable.Repeat(ClientFrame.Of(ClientFrame.Ping, "x"), 100_000).SelectMany(static f => f)],
    };

    public static TheoryData<string> Faults => [.. FaultsByName.Keys];

    public static TheoryData<string> CloseFaults => [.. CloseFaultsByName.Keys];

    public static TheoryData<string> Unfinished => [.. UnfinishedByName.Keys];

    public static TheoryData<string> All => [.. FaultsByName.Keys, .. CloseFaultsByName.Keys, .. UnfinishedByName.Keys];

    public static MatrixTheoryData<string, string> FaultsAndRests => new(FaultsByName.Keys.Concat(UnfinishedByName.Keys), RestsByName.Keys);

    [Theory]
    [MemberData(nameof(FaultsAndRests))]
    public async Task A_client_that_keeps_sending_receives_the_code_of_its_fault(string fault, string rest)
    {
        var (code, frame) = Fault(fault);
        using var client = await ConnectAsync();

        await client.SendAsync(frame, RestsByName[rest]);

        Assert.Equal(code, await client.Raw.ReceiveCloseAsync());
        await client.Raw.FinishAsync();
        Assert.Equal(code, (int)(await client.ClosedAsync()).Code);
        Assert.Equal(0, client.MessagesHandled);
    }

    /// <summary>The server's clock stands still, so the server does not end the connection because of a time-out.</summary>
    [Theory]
    [MemberData(nameof(Faults))]
    public async Task The_server_ends_the_connection_once_both_close_frames_have_passed(string fault)
    {
        var (code, frame) = Fault(fault);
        using var client = await ConnectAsync();
        await client.SendAsync(frame);
        Assert.Equal(code, await client.Raw.ReceiveCloseAsync());

        await ExpectEndAfterAsync(client, ClientFrame.CloseWith(code));

        Assert.Equal(code, (int)(await client.ClosedAsync()).Code);
    }

    [Theory]
    [MemberData(nameof(CloseFaults))]
    public async Task The_server_ends_the_connection_after_its_answer_to_a_wrong_close_frame(string fault)
    {
        var (code, frame) = Fault(fault);
        using var client = await ConnectAsync();
        await client.SendAsync(frame);

        Assert.Equal(code, await client.Raw.ReceiveCloseAsync());
        await ExpectEndAfterAsync(client, []);

        Assert.Equal(code, (int)(await client.ClosedAsync()).Code);
    }

    [Fact]
    public async Task The_server_ends_the_connection_once_a_client_that_masks_nothing_has_closed()
    {
        using var client = await ConnectAsync();
        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "hi"u8, key: null));
        Assert.Equal(1002, await client.Raw.ReceiveCloseAsync());

        await ExpectEndAfterAsync(client, ClientFrame.Of(ClientFrame.Close, [0x03, 0xEA], key: null));
    }

    /// <summary>Frames that are in flight when the client receives the server's close frame arrive before its answer.</summary>
    [Fact]
    public async Task The_server_ignores_frames_before_the_clients_close_frame()
    {
        using var client = await ConnectAsync();
        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, [0xFF, .. Payload(1000)])[..^500]);
        Assert.Equal(1007, await client.Raw.ReceiveCloseAsync());

        await ExpectEndAfterAsync(
            client,
            [
                .. ClientFrame.Of(ClientFrame.Text, Payload(500))[^500..], .. ClientFrame.Of(ClientFrame.Ping, "late"),
                .. ClientFrame.Of(ClientFrame.Binary, ClientFrame.CloseWith(1000)), .. ClientFrame.Of(0x3, "late"),
                .. ClientFrame.Of(ClientFrame.Text, new string('x', 100_000)), .. ClientFrame.CloseWith(1007),
            ]);

        Assert.Equal(0, client.MessagesHandled);
    }

    /// <summary>The client may still be sending this frame, and can only send a close frame after it.</summary>
    [Theory]
    [MemberData(nameof(Unfinished))]
    public async Task A_close_frame_within_the_payload_of_a_frame_is_ignored(string fault)
    {
        var (code, frame) = Fault(fault);
        using var client = await ConnectAsync();
        await client.SendAsync(frame);
        Assert.Equal(code, await client.Raw.ReceiveCloseAsync());

        await client.SendAsync(ClientFrame.CloseWith(code));

        await client.Raw.SendAsync(ClientFrame.Of(ClientFrame.Ping, "the server still reads"));
        await client.Raw.FinishAsync();
        Assert.Equal(code, (int)(await client.ClosedAsync()).Code);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    [MemberData(nameof(Unfinished))]
    public async Task A_client_that_does_not_answer_the_close_frame_sees_a_graceful_end(string fault)
    {
        var (code, frame) = Fault(fault);
        using var client = await ConnectAsync();
        await client.SendAsync(frame);

        await client.ExpectFaultAsync(code);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Messages_before_the_fault_are_answered_before_the_close_frame(string fault)
    {
        const int Messages = 10;
        var (code, frame) = Fault(fault);
        using var client = await ConnectAsync();

        await client.SendAsync(
            [.. Enumerable.Range(0, Messages).Select(static i => ClientFrame.Of(ClientFrame.Text, $"{i}")), frame, RestsByName["messages"][..10_000]]);

        for (var i = 0; i < Messages; i++)
            await client.ExpectAsync(ClientFrame.Text, [(byte)('0' + i)]);
        await client.ExpectFaultAsync(code);
        Assert.Equal(Messages, client.MessagesHandled);
    }

    [Fact]
    public async Task The_start_of_an_invalid_message_is_not_handled()
    {
        using var client = await ConnectAsync();

        await client.SendAsync(
            ClientFrame.Of(ClientFrame.Text, "whole"),
            ClientFrame.Of(ClientFrame.Text, "begun", final: false),
            ClientFrame.Of(ClientFrame.Continuation, [0xFF]));

        await client.ExpectAsync(ClientFrame.Text, "whole"u8.ToArray());
        await client.ExpectFaultAsync(1007);
        Assert.Equal(1, client.MessagesHandled);
    }

    [Fact]
    public async Task Other_clients_notice_nothing()
    {
        using var other = await ConnectAsync();

        foreach (var (code, frame) in FaultsByName.Values.Concat(CloseFaultsByName.Values).Concat(UnfinishedByName.Values))
            await FailsAsync(code, frame);

        await other.ExpectAliveAsync();
    }

    private static (int Code, byte[] Frame) Fault(string name) =>
        FaultsByName.TryGetValue(name, out var fault) || CloseFaultsByName.TryGetValue(name, out fault) ? fault : UnfinishedByName[name];

    /// <summary>After the last frame of the client, the server ends the connection without waiting for the client to do so.</summary>
    private static async Task ExpectEndAfterAsync(EchoClient client, byte[] last)
    {
        var watch = Stopwatch.StartNew();
        await client.SendAsync(last);
        await client.Raw.ExpectEndAsync();
        TestContext.Current.TestOutputHelper!.WriteLine($"FIN {watch.Elapsed.TotalMilliseconds:0.0} ms after the client's close frame");
    }
}
