using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>RFC 6455 sections 4.2, 9.1 and 11.3: which handshakes the server accepts, and how it refuses the others.</summary>
[DependsOn(Aspect.Request)]
public abstract class OpeningHandshakeTests(EchoServer server) : ConformanceTests(server)
{
    private const string Key = "dGhlIHNhbXBsZSBub25jZQ==";
    private const string OtherKey = "AQIDBAUGBwgJCgsMDQ4PEA==";

    private static readonly Dictionary<string, string[]> Complete = new()
    {
        ["Host"] = ["localhost"],
        ["Upgrade"] = ["websocket"],
        ["Connection"] = ["Upgrade"],
        ["Sec-WebSocket-Key"] = [Key],
        ["Sec-WebSocket-Version"] = ["13"],
    };

    [Theory]
    [InlineData("Connection", "upgrade")]
    [InlineData("Connection", "UPGRADE")]
    [InlineData("Connection", "keep-alive, Upgrade")]
    [InlineData("Connection", "keep-alive , upgrade, x")]
    [InlineData("Connection", "keep-alive", "Upgrade")]
    [InlineData("Upgrade", "WebSocket")]
    [InlineData("Upgrade", "WEBSOCKET")]
    [InlineData("Upgrade", "h2c, websocket")]
    [InlineData("Sec-WebSocket-Key", "  " + Key + "\t ")]
    [InlineData("Sec-WebSocket-Version", " 13 ")]
    [InlineData("Host", "localhost:8000")]
    [InlineData("Host", "[::1]:8000")]
    [InlineData("Cookie", "a=b; c=d")]
    [InlineData("Sec-WebSocket-Extensions", "x-unknown")]
    [InlineData("Sec-WebSocket-Extensions", "x-unknown; a; b=1; c=\"d\", permessage-deflate; client_max_window_bits")]
    [InlineData("Sec-WebSocket-Extensions", " , x-one,,x-two;a , ")]
    [InlineData("Sec-WebSocket-Extensions", "x-one", "x-two;a=1")]
    [InlineData("Sec-WebSocket-Extensions", "")]
    [InlineData("sec-websocket-protocol", "unknown")]
    [InlineData("User-Agent", "")]
    public async Task A_valid_header_is_accepted(string header, params string[] values)
    {
        using var client = await ConnectAsync(With(header, values));

        await client.ExpectAliveAsync();
    }

    [Fact]
    public async Task The_response_has_the_headers_of_the_rfc_and_no_others()
    {
        using var client = await Server.ConnectRawAsync();

        var answer = await client.RequestAsync(Request(Complete));

        Assert.StartsWith("HTTP/1.1 101 Switching Protocols\r\n", answer, StringComparison.Ordinal);
        Assert.Equal("websocket", Assert.Single(Values(answer, "Upgrade")), ignoreCase: true);
        Assert.Equal("Upgrade", Assert.Single(Values(answer, "Connection")), ignoreCase: true);
        Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", Assert.Single(Values(answer, "Sec-WebSocket-Accept")));
        foreach (var absent in new[] { "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Content-Length", "Transfer-Encoding" })
            Assert.Empty(Values(answer, absent));
    }

    [Theory]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA==")]
    [InlineData("/////////////////////w==")]
    [InlineData("x3JJHMbDL1EzLkh9GBhXDw==")]
    [InlineData("+/+/+/+/+/+/+/+/+/+/+w==")]
    public async Task The_response_contains_the_hash_of_the_key(string key)
    {
        using var client = await Server.ConnectRawAsync();

        var answer = await client.RequestAsync(Request(With("Sec-WebSocket-Key", key)));

#pragma warning disable CA5350 // RFC 6455 section 4.2.2 requires SHA-1.
        var expected = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        Assert.Equal(expected, Assert.Single(Values(answer, "Sec-WebSocket-Accept")));
    }

    /// <summary>RFC 6455 section 4.4: the response to another version, or to another protocol, names the supported version.</summary>
    [Theory]
    [InlineData("Sec-WebSocket-Version")]
    [InlineData("Sec-WebSocket-Version", "")]
    [InlineData("Sec-WebSocket-Version", "0")]
    [InlineData("Sec-WebSocket-Version", "7")]
    [InlineData("Sec-WebSocket-Version", "8")]
    [InlineData("Sec-WebSocket-Version", "14")]
    [InlineData("Sec-WebSocket-Version", "013")]
    [InlineData("Sec-WebSocket-Version", "13.0")]
    [InlineData("Sec-WebSocket-Version", "1 3")]
    [InlineData("Sec-WebSocket-Version", "255")]
    [InlineData("Sec-WebSocket-Version", "garbage")]
    [InlineData("Upgrade")]
    [InlineData("Upgrade", "")]
    [InlineData("Upgrade", "h2c")]
    [InlineData("Upgrade", "websockets")]
    [InlineData("Connection")]
    [InlineData("Connection", "keep-alive")]
    [InlineData("Connection", "close")]
    [InlineData("Connection", "upgraded")]
    public async Task Another_version_or_no_handshake_is_426_with_the_version(string header, params string[] values)
    {
        using var client = await Server.ConnectRawAsync();

        var answer = await client.RequestAsync(Request(With(header, values)));

        Assert.StartsWith("HTTP/1.1 426", answer, StringComparison.Ordinal);
        Assert.Equal("13", Assert.Single(Values(answer, "Sec-WebSocket-Version")));
        Assert.Contains("version 13", await client.ReceiveRefusalAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Sec-WebSocket-Version", "13", "13")]
    [InlineData("Sec-WebSocket-Version", "13", "8")]
    [InlineData("Sec-WebSocket-Version", "13, 8")]
    [InlineData("Sec-WebSocket-Version", "8, 13")]
    [InlineData("Sec-WebSocket-Key")]
    [InlineData("Sec-WebSocket-Key", "")]
    [InlineData("Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4P")] // 15 bytes
    [InlineData("Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4PEBE=")] // 17
    [InlineData("Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4PEBES")] // 18, which has the same base64 length as 16
    [InlineData("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ")]
    [InlineData("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=")]
    [InlineData("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ===")]
    [InlineData("Sec-WebSocket-Key", "dGhlIHNhbXBs ZSBub25jZQ==")]
    [InlineData("Sec-WebSocket-Key", "-_-_-_-_-_-_-_-_-_-_-w==")] // base64url
    [InlineData("Sec-WebSocket-Key", "no base64 of any length!")]
    [InlineData("Sec-WebSocket-Key", Key, Key)]
    [InlineData("Sec-WebSocket-Key", Key, OtherKey)]
    [InlineData("Sec-WebSocket-Key", Key + ", " + OtherKey)]
    [InlineData("Sec-WebSocket-Key", "", Key)]
    [InlineData("Sec-WebSocket-Extensions", "\"")]
    [InlineData("Sec-WebSocket-Extensions", ";;,,=")]
    [InlineData("Sec-WebSocket-Extensions", "permessage-deflate;")]
    [InlineData("Sec-WebSocket-Extensions", "permessage-deflate; =15")]
    [InlineData("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits=")]
    [InlineData("Sec-WebSocket-Extensions", "permessage-deflate client_max_window_bits")]
    [InlineData("Sec-WebSocket-Extensions", "\"permessage-deflate\"")]
    [InlineData("Sec-WebSocket-Extensions", "permessage-deflate; a=\"b")]
    [InlineData("Sec-WebSocket-Extensions", "permessage-deflate; a=\"b c\"")]
    [InlineData("Sec-WebSocket-Extensions", "permessage-deflate; a=\"\"")]
    [InlineData("Sec-WebSocket-Extensions", "permessage-deflate=1")]
    [InlineData("Sec-WebSocket-Extensions", "permessage-deflate", "(x)")]
    public async Task An_invalid_header_is_400_with_a_text_that_names_it(string header, params string[] values)
    {
        using var client = await Server.ConnectRawAsync();

        var answer = await client.RequestAsync(Request(With(header, values)));

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains(header, await client.ReceiveRefusalAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host")]
    [InlineData("Host", "localhost", "localhost")]
    [InlineData("Host", "localhost", "other")]
    [InlineData("Host", "a b")]
    [InlineData("Content-Length", "-1")]
    [InlineData("Content-Length", "1", "2")]
    public async Task A_request_that_is_not_HTTP_is_400(string header, params string[] values) =>
        await RefusesAsync("400", Request(With(header, values)));

    /// <summary>A size just above the limit, because the server does not wait for the rest, and sending it could fail.</summary>
    [Fact]
    public async Task Headers_that_are_too_large_are_431() =>
        await RefusesAsync("431", Request(With("Cookie", new string('x', 32 * 1024))));

    [Fact]
    public async Task Headers_may_be_as_large_as_cookies_are()
    {
        using var client = await ConnectAsync(With("Cookie", new string('x', 16 * 1024)));

        await client.ExpectAliveAsync();
    }

    [Fact]
    public async Task An_address_that_is_too_long_is_414() =>
        await RefusesAsync("414", Request(Complete, path: "/echo/1?" + new string('x', 8 * 1024)));

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("HEAD")]
    [InlineData("DELETE")]
    public async Task A_method_other_than_GET_is_405(string method) => await RefusesAsync("405", Request(Complete, method));

    [Theory]
    [InlineData("GET", "HTTP/1.0", "400")]
    [InlineData("GET", "HTTP/1.2", "505")]
    [InlineData("GET", "HTTP/2.0", "505")]
    [InlineData("get", "HTTP/1.1", "400")]
    public async Task A_request_other_than_GET_of_HTTP_1_1_is_refused(string method, string http, string status) =>
        await RefusesAsync(status, Request(Complete, method, http: http));

    /// <summary>The bytes after the headers would be the body, not frames.</summary>
    [Theory]
    [InlineData("Content-Length: 5\r\n", "hello")]
    [InlineData("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")]
    public async Task A_handshake_with_a_body_is_400(string header, string body)
    {
        var request = Request(Complete).Replace("\r\n\r\n", $"\r\n{header}\r\n{body}", StringComparison.Ordinal);
        await RefusesAsync("400", request);
    }

    [Fact]
    public async Task An_empty_body_is_accepted()
    {
        using var client = await ConnectAsync(With("Content-Length", "0"));

        await client.ExpectAliveAsync();
    }

    [Fact]
    public async Task The_address_may_be_absolute()
    {
        var (room, script) = Server.NewRoom();
        using var client = new EchoClient(await Server.ConnectRawAsync(), script);

        var answer = await client.Raw.RequestAsync(Request(Complete, path: $"http://localhost/echo/{room}"));

        Assert.StartsWith("HTTP/1.1 101", answer, StringComparison.Ordinal);
        await client.ExpectAliveAsync();
    }

    [Theory]
    [InlineData("echo.v2", "echo.v2")]
    [InlineData("echo.v1", "echo.v1", "echo.v2")]
    [InlineData("echo.v1", "echo.v1")]
    [InlineData("echo.v2", "echo.v1, echo.v2")]
    [InlineData("echo.v2", "echo.v1,echo.v2")]
    [InlineData("echo.v1", "unknown, echo.v1")]
    [InlineData("echo.v1", "echo.v1, echo.v1")]
    [InlineData("echo.v1", "unknown", "echo.v1")]
    [InlineData(null, "unknown")]
    [InlineData(null, "ECHO.V1")]
    [InlineData(null, "echo.v")]
    [InlineData(null, "")]
    public async Task At_most_one_offered_subprotocol_is_selected(string? taken, params string[] offered)
    {
        using var client = await Server.ConnectRawAsync();

        var answer = await client.RequestAsync(Request(With("Sec-WebSocket-Protocol", offered)));

        Assert.StartsWith("HTTP/1.1 101", answer, StringComparison.Ordinal);
        if (offered.Length > 1 && taken is not null)
            Assert.Contains(Assert.Single(Values(answer, "Sec-WebSocket-Protocol")), offered);
        else
            Assert.Equal(taken is null ? [] : [taken], Values(answer, "Sec-WebSocket-Protocol"));
    }

    [Fact]
    public async Task A_handshake_may_arrive_byte_by_byte()
    {
        var (room, script) = Server.NewRoom();
        using var client = new EchoClient(await Server.ConnectRawAsync(), script);

        await client.SendInPiecesAsync(Encoding.ASCII.GetBytes(Request(Complete, path: $"/echo/{room}")), 1);

        Assert.StartsWith("HTTP/1.1 101", await client.Raw.RequestAsync(""), StringComparison.Ordinal);
        await client.ExpectAliveAsync();
    }

    private async Task<EchoClient> ConnectAsync(Dictionary<string, string[]> headers)
    {
        var (room, script) = Server.NewRoom();
        var client = await Server.ConnectRawAsync();
        var answer = await client.RequestAsync(Request(headers, path: $"/echo/{room}"));
        Assert.StartsWith("HTTP/1.1 101", answer, StringComparison.Ordinal);
        return new EchoClient(client, script);
    }

    private async Task RefusesAsync(string status, string request)
    {
        using var client = await Server.ConnectRawAsync();
        Assert.StartsWith($"HTTP/1.1 {status}", await client.RequestAsync(request), StringComparison.Ordinal);
    }

    /// <summary>Returns the handshake with other values of a header, or without the header if there are none.</summary>
    private static Dictionary<string, string[]> With(string header, params string[] values) => new(Complete) { [header] = values };

    private static string Request(
        Dictionary<string, string[]> headers, string method = "GET", string path = "/echo/none", string http = "HTTP/1.1")
    {
        var lines = headers.SelectMany(static header => header.Value, static (header, value) => $"{header.Key}: {value}\r\n");
        return $"{method} {path} {http}\r\n{string.Concat(lines)}\r\n";
    }

    private static IEnumerable<string> Values(string head, string header) => head.Split("\r\n")
        .Where(line => line.StartsWith(header + ":", StringComparison.OrdinalIgnoreCase))
        .Select(line => line[(header.Length + 1)..].Trim());
}
