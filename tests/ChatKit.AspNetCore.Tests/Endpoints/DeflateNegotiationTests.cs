using ChatKit.AspNetCore.Endpoints;

namespace ChatKit.AspNetCore.Tests.Endpoints;

public class DeflateNegotiationTests
{
    private const string Plain = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    [Theory]
    [InlineData("permessage-deflate; client_max_window_bits")] // Chromium, Firefox, Safari
    [InlineData("permessage-deflate")]
    [InlineData("permessage-deflate;server_no_context_takeover;client_no_context_takeover")]
    public void Context_takeover_is_declined_even_if_the_client_allows_it(string offer) =>
        Assert.Equal(Plain, Answer(offer));

    [Theory]
    [InlineData("permessage-deflate; client_max_window_bits=8", "; client_max_window_bits=8")]
    [InlineData("permessage-deflate; client_max_window_bits = 9", "; client_max_window_bits=9")]
    [InlineData("permessage-deflate; server_max_window_bits=8", "; server_max_window_bits=8")]
    [InlineData("permessage-deflate; server_max_window_bits=14", "; server_max_window_bits=14")]
    [InlineData("permessage-deflate; server_max_window_bits=15", "; server_max_window_bits=15")]
    [InlineData("permessage-deflate; server_max_window_bits=\"15\"", "; server_max_window_bits=15")]
    [InlineData(
        "permessage-deflate; server_max_window_bits=15; client_max_window_bits=12", "; server_max_window_bits=15; client_max_window_bits=12")]
    public void The_requested_window_is_confirmed(string offer, string confirmed) =>
        Assert.Equal(Plain + confirmed, Answer(offer));

    [Theory]
    [InlineData("")]
    [InlineData("x-webkit-deflate-frame")]
    [InlineData("permessage-deflate-2; server_no_context_takeover")]
    [InlineData("permessage-bzip2")]
    public void An_offer_that_cannot_be_met_is_declined(string offer) => Assert.Null(Answer(offer));

    /// <summary>RFC 7692 section 7: the server must decline an offer with an unknown, repeated, or invalid parameter.</summary>
    [Theory]
    [InlineData("permessage-deflate;")]
    [InlineData("permessage-deflate; ; client_no_context_takeover")]
    [InlineData("permessage-deflate; level=9")]
    [InlineData("permessage-deflate; client_no_context_takeover; client_no_context_takeover")]
    [InlineData("permessage-deflate; client_no_context_takeover=1")]
    [InlineData("permessage-deflate; server_max_window_bits")]
    [InlineData("permessage-deflate; server_max_window_bits=")]
    [InlineData("permessage-deflate; server_max_window_bits=16")]
    [InlineData("permessage-deflate; server_max_window_bits=015")]
    [InlineData("permessage-deflate; client_max_window_bits=7")]
    [InlineData("permessage-deflate; client_max_window_bits=016")]
    [InlineData("permessage-deflate; client_max_window_bits=-9")]
    [InlineData("permessage-deflate; client_max_window_bits=x")]
    [InlineData("permessage-deflate; client_max_window_bits=٩")]
    [InlineData("permessage-deflate; client_max_window_bits=99999999999")]
    public void An_invalid_offer_is_declined(string offer) => Assert.Null(Answer(offer));

    [Fact]
    public void The_first_offer_that_can_be_met_is_taken()
    {
        Assert.Equal(
            Plain + "; client_max_window_bits=9",
            Answer(
                "permessage-bzip2", "permessage-deflate; server_max_window_bits=7", "permessage-deflate; client_max_window_bits=9",
                "permessage-deflate"));
        Assert.Null(Answer());
    }

    [Theory]
    [InlineData("permessage-deflate", 15)]
    [InlineData("permessage-deflate; client_max_window_bits=9", 15)]
    [InlineData("permessage-deflate; server_max_window_bits=15", 15)]
    [InlineData("permessage-deflate; server_max_window_bits=12; client_max_window_bits=9", 12)]
    [InlineData("permessage-deflate; server_max_window_bits=\"8\"", 8)]
    public void The_window_of_the_server_is_the_one_that_the_client_requests(string offer, int bits) =>
        Assert.Equal(bits, DeflateNegotiation.Answer([offer])?.ServerWindowBits);

    private static string? Answer(params string[] offers) => DeflateNegotiation.Answer(offers)?.Header;
}
