using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using ChatKit.AspNetCore.Tests.Http;

namespace ChatKit.AspNetCore.Tests.Security;

/// <summary>A connection ends when the ticket of its handshake expires.</summary>
public class ExpiryTests
{
    private static readonly (WebSocketCloseStatus, string) Expired = (WebSocketCloseStatus.PolicyViolation, "the credentials have expired");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_ends_when_its_cookie_or_its_token_expires(bool cookie)
    {
        var script = new Script();
        await using var members = await MembersServer.StartAsync(script);
        await using var client = cookie
            ? await members.ConnectWithCookieAsync(await members.LogInAsync())
            : await members.ConnectWithTokenAsync(MembersServer.Token());

        // The response to the handshake precedes the timer, which must not be set while the clock moves.
        await script.Opened;

        members.Clock.Advance(TimeSpan.FromMinutes(9));
        await client.SendAsync("still there");
        Assert.Equal("still there", await client.ReceiveAsync());
        members.Clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(Expired, await client.ReceiveCloseAsync());
        Assert.Equal(Expired, ((await script.Closed).Code, (await script.Closed).Reason!));
    }

    [Fact]
    public async Task The_welcome_says_when_the_credentials_expire_except_in_a_poll()
    {
        await using var members = await MembersServer.StartAsync(new Script(), static options => options.Transports = ChatTransports.All);
        var authorization = ("Authorization", $"Bearer {MembersServer.Token()}");
        await using var client = await members.Server.ConnectAsync("/chat/lobby", new ClientSettings
        {
            Options = options =>
            {
                options.SetRequestHeader(authorization.Item1, authorization.Item2);
                options.AddSubProtocol("chatkit.v1");
            },
        });
        await using var stream = await EventStream.OpenAsync(members.Server, "/chat/lobby", authorization);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/chat/lobby?frames=1", UriKind.Relative));
        request.Headers.Add(authorization.Item1, authorization.Item2);
        request.Headers.Accept.ParseAdd("application/json");
        using var poll = await members.Server.Http.SendAsync(request, TestContext.Current.CancellationToken);

        foreach (var welcome in new[] { JsonElement.Parse(await client.ReceiveAsync()), stream.Welcome })
            Assert.InRange(welcome.GetProperty("expires").GetInt64(), 500, 700); // 10 minutes, and the server's clock has stopped.
        var frames = JsonElement.Parse(await poll.EnsureSuccessStatusCode().Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.False(frames.GetProperty("frames")[0].TryGetProperty("expires", out _));
    }

    [Fact]
    public async Task Without_the_option_a_connection_does_not_expire()
    {
        await using var members = await MembersServer.StartAsync(new Script(), static options => options.CloseOnAuthenticationExpiration = false);
        await using var client = await members.ConnectWithTokenAsync(MembersServer.Token());

        members.Clock.Advance(TimeSpan.FromHours(1));
        await client.SendAsync("still there");

        Assert.Equal("still there", await client.ReceiveAsync());
    }

    [Fact]
    public async Task A_cookie_that_has_expired_is_refused_before_the_upgrade()
    {
        await using var members = await MembersServer.StartAsync(new Script());
        var cookie = await members.LogInAsync();
        members.Clock.Advance(TimeSpan.FromMinutes(11));

        using var response = await members.Server.HandshakeAsync("/chat/lobby", ("Cookie", cookie));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    /// <summary>Bearer tokens are accepted for five more minutes, to allow for clock skew. In this time, a connection must not be admitted.</summary>
    [Fact]
    public async Task A_token_that_expired_a_minute_ago_does_not_admit_to_a_room()
    {
        var script = new Script();
        await using var members = await MembersServer.StartAsync(script);
        await using var client = await members.ConnectWithTokenAsync(MembersServer.Token(minutes: -1));

        Assert.Equal(Expired, await client.ReceiveCloseAsync());
        Assert.Empty(script.Calls);
    }
}
