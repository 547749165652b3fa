namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>RFC 7692 sections 5 and 7.1: the negotiation, on the wire.</summary>
[DependsOn(Aspect.Request)]
public abstract class DeflateNegotiationTests(EchoServer server) : ConformanceTests(server)
{
    private const string Agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    [Theory]
    [InlineData("permessage-deflate")]
    [InlineData("permessage-deflate; client_max_window_bits")]
    [InlineData("permessage-deflate; server_no_context_takeover")]
    [InlineData("permessage-deflate; client_no_context_takeover")]
    [InlineData("permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits")]
    [InlineData("x-webkit-deflate-frame, permessage-deflate; client_max_window_bits")]
    [InlineData("permessage-deflate; server_max_window_bits=7, permessage-deflate; server_no_context_takeover, permessage-deflate")]
    public Task Neither_side_keeps_its_context_whatever_was_offered(string offer) => AgreesAsync(offer, Agreed);

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    [InlineData(15)]
    public async Task Any_window_size_of_either_side_is_confirmed(int bits)
    {
        await AgreesAsync($"permessage-deflate; client_max_window_bits={bits}", $"{Agreed}; client_max_window_bits={bits}");
        await AgreesAsync($"permessage-deflate; client_max_window_bits=\"{bits}\"", $"{Agreed}; client_max_window_bits={bits}");
        await AgreesAsync($"permessage-deflate; server_max_window_bits={bits}", $"{Agreed}; server_max_window_bits={bits}");
        await AgreesAsync($"permessage-deflate; server_max_window_bits=\"{bits}\"", $"{Agreed}; server_max_window_bits={bits}");
        await AgreesAsync(
            $"permessage-deflate; server_no_context_takeover; server_max_window_bits={bits}, permessage-deflate",
            $"{Agreed}; server_max_window_bits={bits}");
        await AgreesAsync(
            $"permessage-deflate; server_max_window_bits={bits}; client_max_window_bits={bits}",
            $"{Agreed}; server_max_window_bits={bits}; client_max_window_bits={bits}");
    }

    [Theory]
    [InlineData("permessage-deflate; unknown")]
    [InlineData("permessage-deflate; unknown=1")]
    [InlineData("permessage-deflate; Client_max_window_bits")]
    [InlineData("permessage-deflate; server_max_window_bits")]
    [InlineData("permessage-deflate; server_max_window_bits=7")]
    [InlineData("permessage-deflate; server_max_window_bits=16")]
    [InlineData("permessage-deflate; client_max_window_bits=7")]
    [InlineData("permessage-deflate; client_max_window_bits=16")]
    [InlineData("permessage-deflate; client_max_window_bits=09")]
    [InlineData("permessage-deflate; client_max_window_bits=+9")]
    [InlineData("permessage-deflate; client_no_context_takeover=true")]
    [InlineData("permessage-deflate; server_no_context_takeover=1")]
    [InlineData("permessage-deflate; client_max_window_bits; client_max_window_bits")]
    [InlineData("permessage-deflate; server_no_context_takeover; server_no_context_takeover")]
    [InlineData("permessage-bzip2")]
    public Task The_server_declines_an_invalid_offer_and_continues_without_compression(string offer) => AgreesAsync(offer, null);

    /// <summary>The following frames obey the outcome of the negotiation.</summary>
    private async Task AgreesAsync(string offer, string? answer)
    {
        var (room, script) = Server.NewRoom();
        using var client = new EchoClient(await Server.ConnectRawAsync(), script);
        var head = await client.Raw.RequestAsync(
            RawClient.Handshake("/deflate/" + room, headers: $"Sec-WebSocket-Extensions: {offer}"));

        Assert.StartsWith("HTTP/1.1 101", head, StringComparison.Ordinal);
        const string Header = "Sec-WebSocket-Extensions: ";
        Assert.Equal(answer, head.Split("\r\n").SingleOrDefault(static line => line.StartsWith(Header, StringComparison.Ordinal))?[Header.Length..]);
        await client.ExpectAliveAsync();
        await client.SendAsync(ClientFrame.Of(ClientFrame.Compressed | ClientFrame.Text, Convert.FromHexString("F248CDC9C90700")));
        if (answer is null)
            await client.ExpectFaultAsync(1002);
        else
            await client.ExpectAsync(ClientFrame.Text, "Hello"u8.ToArray());
    }
}
