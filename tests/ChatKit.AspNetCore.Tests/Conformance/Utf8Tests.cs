using System.Text;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>RFC 6455 sections 5.6 and 8.1: a text is UTF-8 as a whole, and the server detects invalid text at once.</summary>
[DependsOn(Aspect.Bytes)]
public abstract class Utf8Tests(EchoServer server) : ConformanceTests(server)
{
    private const string Before = "before: κόσμε ";

    public static TheoryData<string> Valid => [.. Utf8Cases.Valid.Keys];

    public static TheoryData<string> Invalid => [.. Utf8Cases.Invalid.Keys];

    public static TheoryData<string> Truncated => [.. Utf8Cases.Truncated.Keys];

    [Theory]
    [MemberData(nameof(Valid))]
    public async Task Valid_text_is_echoed(string name)
    {
        using var client = await ConnectAsync();
        var text = Encoding.UTF8.GetBytes(Utf8Cases.Valid[name]);
        byte[] within = [.. Encoding.UTF8.GetBytes(Before), .. text, (byte)'.'];

        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, text));
        await client.ExpectAsync(ClientFrame.Text, text);

        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, within));
        await client.ExpectAsync(ClientFrame.Text, within);
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public async Task Valid_text_may_be_fragmented_anywhere(string name)
    {
        using var client = await ConnectAsync();
        var text = Encoding.UTF8.GetBytes(Utf8Cases.Valid[name]);

        for (var cut = 0; cut <= text.Length; cut++)
        {
            await client.SendAsync(
                ClientFrame.Of(ClientFrame.Text, text.AsSpan(0, cut), final: false),
                ClientFrame.Of(ClientFrame.Pong, [0xFF]),
                ClientFrame.Of(ClientFrame.Continuation, text.AsSpan(cut)));
            await client.ExpectAsync(ClientFrame.Text, text);
        }

        await client.SendAsync([.. text.Select((b, i) => Fragment(i, [b], final: i == text.Length - 1))]);
        await client.ExpectAsync(ClientFrame.Text, text);
    }

    [Fact]
    public async Task Valid_text_may_arrive_byte_by_byte()
    {
        using var client = await ConnectAsync();
        var text = Encoding.UTF8.GetBytes(string.Concat(Utf8Cases.Valid.Values));

        await client.SendInPiecesAsync(ClientFrame.Of(ClientFrame.Text, text), 1);

        await client.ExpectAsync(ClientFrame.Text, text);
    }

    /// <summary>Characters cross the boundaries of all buffers that a reader can have.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Valid_text_may_be_long(int shift)
    {
        using var client = await ConnectAsync();
        var text = Encoding.UTF8.GetBytes(new string('x', shift) + string.Concat(Enumerable.Repeat("💬", 50_000)));

        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, text));

        await client.ExpectAsync(ClientFrame.Text, text);
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public async Task Invalid_text_is_1007(string name)
    {
        var bytes = Utf8Cases.Invalid[name];
        await FailsAsync(1007, ClientFrame.Of(ClientFrame.Text, bytes));
        await FailsAsync(1007, ClientFrame.Of(ClientFrame.Text, [.. Encoding.UTF8.GetBytes(Before), .. bytes, .. "after"u8]));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public async Task Invalid_text_in_fragments_is_1007_before_the_last_arrives(string name)
    {
        var bytes = Utf8Cases.Invalid[name];
        await FailsAsync(1007, ClientFrame.Of(ClientFrame.Text, [.. Encoding.UTF8.GetBytes(Before), .. bytes], final: false));
        await FailsAsync(1007, [.. bytes.Select((b, i) => Fragment(i, [b], final: false))]);
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public async Task Invalid_text_in_a_frame_is_1007_before_the_rest_arrives(string name)
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(Before), .. Utf8Cases.Invalid[name]];
        var frame = ClientFrame.Of(ClientFrame.Text, [.. bytes, .. Payload(1000)]);

        await FailsAsync(1007, frame[..^1000]);
    }

    [Theory]
    [MemberData(nameof(Truncated))]
    public async Task Text_that_ends_within_a_character_is_1007(string name)
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(Before), .. Utf8Cases.Truncated[name]];
        await FailsAsync(1007, ClientFrame.Of(ClientFrame.Text, bytes));
        await FailsAsync(
            1007, ClientFrame.Of(ClientFrame.Text, bytes, final: false), ClientFrame.Of(ClientFrame.Continuation, []));
    }

    [Fact]
    public Task The_next_message_does_not_complete_a_character_of_the_last() => FailsAsync(
        1007, ClientFrame.Of(ClientFrame.Text, [0xC3]), ClientFrame.Of(ClientFrame.Text, [0xA9]));

    [Theory]
    [MemberData(nameof(Invalid))]
    [MemberData(nameof(Truncated))]
    public async Task Binary_messages_are_not_checked_for_UTF8(string name)
    {
        using var client = await ConnectAsync();
        var bytes = Utf8Cases.Invalid.GetValueOrDefault(name) ?? Utf8Cases.Truncated[name];

        await client.SendAsync(ClientFrame.Of(ClientFrame.Binary, bytes));
        await client.ExpectAsync(ClientFrame.Binary, bytes);

        await client.SendAsync([.. bytes.Select((b, i) => Fragment(i, [b], i == bytes.Length - 1, ClientFrame.Binary))]);
        await client.ExpectAsync(ClientFrame.Binary, bytes);
        await client.ExpectAliveAsync();
    }

    private static byte[] Fragment(int index, byte[] payload, bool final, int opcode = ClientFrame.Text) =>
        ClientFrame.Of(index == 0 ? opcode : ClientFrame.Continuation, payload, final);
}
