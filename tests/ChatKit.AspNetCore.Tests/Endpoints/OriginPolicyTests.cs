using ChatKit.AspNetCore.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace ChatKit.AspNetCore.Tests.Endpoints;

public class OriginPolicyTests
{
    [Theory]
    [InlineData("example.com", "http://example.com")]
    [InlineData("example.com", "https://example.com")]
    [InlineData("example.com:80", "http://example.com")]
    [InlineData("example.com", "http://example.com:80")]
    [InlineData("example.com:443", "https://example.com")]
    [InlineData("example.com:8443", "https://example.com:8443")]
    [InlineData("EXAMPLE.com", "http://example.COM")]
    [InlineData("[::1]", "http://[::1]")]
    [InlineData("[::1]:5000", "https://[::1]:5000")]
    [InlineData("127.0.0.1:5000", "http://127.0.0.1:5000")]
    [InlineData("xn--bcher-kva.example", "https://xn--bcher-kva.example")]
    public void The_same_host_may_connect_whatever_the_scheme(string host, string origin) => Assert.True(Allows([], host, origin));

    [Theory]
    [InlineData("example.com", "http://example.com:8080")]
    [InlineData("example.com:8080", "http://example.com")]
    [InlineData("example.com:80", "https://example.com")]
    [InlineData("example.com", "https://www.example.com")]
    [InlineData("www.example.com", "https://example.com")]
    [InlineData("example.com", "https://evil.net")]
    [InlineData("example.com", "https://example.com.evil.net")]
    [InlineData("example.com", "https://evilexample.com")]
    [InlineData("example.com", "https://example.com@evil.net")]
    [InlineData("example.com", "https://evil.net/example.com")]
    [InlineData("[::1]:5000", "http://[::2]:5000")]
    [InlineData("localhost", "capacitor://localhost")]
    [InlineData("localhost", "file://localhost")]
    [InlineData("example.com", "null")]
    [InlineData("example.com", "")]
    [InlineData("example.com", "example.com")]
    [InlineData("example.com", "https://")]
    [InlineData("", "https://example.com")]
    public void Another_host_may_not_connect(string host, string origin) => Assert.False(Allows([], host, origin));

    [Theory]
    [InlineData("https://example.com", "https://example.com")]
    [InlineData("https://example.com", "HTTPS://EXAMPLE.COM")]
    [InlineData("https://example.com:443", "https://example.com")]
    [InlineData("https://example.com:8443", "https://example.com:8443")]
    [InlineData("https://bücher.example", "https://xn--bcher-kva.example")]
    [InlineData("capacitor://localhost", "capacitor://localhost")]
    [InlineData("https://*.example.com", "https://www.example.com")]
    [InlineData("https://*.example.com", "https://a.b.example.com")]
    [InlineData("https://*.Example.com", "https://WWW.example.com")]
    [InlineData("https://*.example.com:443", "https://www.example.com")]
    [InlineData("https://*.example.com:8443", "https://www.example.com:8443")]
    [InlineData("https://*.bücher.example", "https://www.xn--bcher-kva.example")]
    [InlineData("*", "https://evil.net")]
    [InlineData("*", "null")]
    public void A_listed_origin_may_connect(string allowed, string origin)
    {
        Assert.Empty(OriginPolicy.Problems([allowed]));
        Assert.True(Allows([allowed], "own.example", origin));
    }

    [Theory]
    [InlineData("https://example.com", "http://example.com")]
    [InlineData("https://example.com", "https://example.com:8443")]
    [InlineData("https://example.com", "https://www.example.com")]
    [InlineData("https://*.example.com", "https://example.com")]
    [InlineData("https://*.example.com", "https://evilexample.com")]
    [InlineData("https://*.example.com", "https://example.com.evil.net")]
    [InlineData("https://*.example.com", "https://evil.net/.example.com")]
    [InlineData("https://*.example.com", "https://evil.net#.example.com")]
    [InlineData("https://*.example.com", "https://www.example.com@evil.net")]
    [InlineData("https://*.example.com", "http://www.example.com")]
    [InlineData("https://*.example.com", "https://www.example.com:8443")]
    [InlineData("https://*.example.com", "null")]
    public void A_similar_origin_may_not_connect(string allowed, string origin) => Assert.False(Allows([allowed], "own.example", origin));

    [Fact]
    public void A_client_without_an_origin_may_connect() =>
        Assert.True(new OriginPolicy([]).Allows(Request("example.com", StringValues.Empty)));

    [Fact]
    public void Two_origins_are_refused() =>
        Assert.False(new OriginPolicy([]).Allows(Request("example.com", new(["https://example.com", "https://example.com"]))));

    private static bool Allows(string[] allowed, string host, string origin) => new OriginPolicy(allowed).Allows(Request(host, origin));

    private static HttpRequest Request(string host, StringValues origin)
    {
        var request = new DefaultHttpContext().Request;
        request.Host = new HostString(host);
        request.Headers.Origin = origin;
        return request;
    }
}
