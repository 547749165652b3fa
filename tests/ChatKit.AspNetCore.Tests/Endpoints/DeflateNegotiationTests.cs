using ChatKit.AspNetCore.Endpoints;

namespace ChatKit.AspNetCore.Tests.Endpoints;

public class DeflateParametersTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("x-webkit-deflate-frame")]
    [InlineData("permessage-deflate-2; server_no_context_takeover")]
    public void Without_the_extension_nothing_is_compressed(string? header) => Assert.Null(DeflateParameters.Parse(header));

    [Theory]
    [InlineData("permessage-deflate", true, true, 15, 15)]
    [InlineData("permessage-deflate; client_no_context_takeover", false, true, 15, 15)]
    [InlineData("permessage-deflate;server_no_context_takeover", true, false, 15, 15)]
    [InlineData("permessage-deflate; client_max_window_bits=9", true, true, 9, 15)]
    [InlineData("permessage-deflate; server_max_window_bits=\"10\"", true, true, 15, 10)]
    [InlineData("permessage-deflate; client_max_window_bits", true, true, 15, 15)]
    [InlineData(
        "permessage-deflate; client_no_context_takeover; client_max_window_bits=11; server_no_context_takeover; server_max_window_bits=12",
        false, false, 11, 12)]
    public void Each_parameter_is_read(string header, bool clientTakeover, bool serverTakeover, int clientBits, int serverBits)
    {
        var options = DeflateParameters.Parse(header);

        Assert.NotNull(options);
        Assert.Equal((clientTakeover, serverTakeover), (options.ClientContextTakeover, options.ServerContextTakeover));
        Assert.Equal((clientBits, serverBits), (options.ClientMaxWindowBits, options.ServerMaxWindowBits));
    }
}
