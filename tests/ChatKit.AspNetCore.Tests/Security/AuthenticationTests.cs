using System.Net;
using System.Net.WebSockets;

namespace ChatKit.AspNetCore.Tests.Security;

/// <summary>Each way in which a WebSocket handshake can authenticate a client.</summary>
public class AuthenticationTests
{
    [Theory]
    [InlineData("cookie")]
    [InlineData("header")]
    [InlineData("query")]
    [InlineData("subprotocol")]
    public async Task An_authenticated_user_can_connect_and_the_handler_sees_the_user_id(string way)
    {
        var script = new Script();
        await using var members = await MembersServer.StartAsync(script);
        var (path, headers) = await CredentialsAsync(members, way, "member");

        await using var client = await members.Server.ConnectAsync(path, With(headers));
        await client.SendAsync("hi");

        Assert.Equal("hi", await client.ReceiveAsync());
        Assert.Equal("id-of-member", (await script.Opened).UserId);
    }

    [Theory]
    [InlineData("cookie")]
    [InlineData("header")]
    [InlineData("query")]
    [InlineData("subprotocol")]
    public async Task Other_users_are_refused_before_the_upgrade(string way)
    {
        var script = new Script();
        await using var members = await MembersServer.StartAsync(script);
        var (path, headers) = await CredentialsAsync(members, way, "guest");
        var (wrongPath, wrong) = await CredentialsAsync(members, way, "member", static secret => secret[..^8] + "AAAAAAAA");

        using var guest = await members.Server.HandshakeAsync(path, headers);
        using var forger = await members.Server.HandshakeAsync(wrongPath, wrong);
        using var anonymous = await members.Server.HandshakeAsync("/chat/lobby");

        Assert.Equal(HttpStatusCode.Forbidden, guest.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, forger.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, anonymous.StatusCode);
        Assert.Empty(script.Calls);
    }

    [Theory]
    [InlineData("chatkit.v1, bearer.{0}", "chatkit.v1")]
    [InlineData("bearer.{0}, chatkit.v1", "chatkit.v1")]
    [InlineData("bearer.{0}, mine", "mine")]
    [InlineData("bearer.{0}", null)]
    public async Task A_token_among_the_subprotocols_is_never_selected(string offered, string? selected)
    {
        var script = new Script();
        await using var members = await MembersServer.StartAsync(script, static options => options.Subprotocols.Add("mine"));
        var settings = new ClientSettings
        {
            Options = options => string.Format(null, offered, MembersServer.Token()).Split(", ").ToList().ForEach(options.AddSubProtocol),
        };

        await using var client = await members.Server.ConnectAsync("/chat/lobby", settings);

        Assert.Equal(selected, client.Socket.SubProtocol);
        Assert.Equal(selected, (await script.Opened).Subprotocol);
    }

    [Theory]
    [InlineData("query")]
    [InlineData("subprotocol")]
    public async Task ChatKit_writes_no_token_to_the_log_and_sends_none_back(string way)
    {
        await using var members = await MembersServer.StartAsync(new Script());
        var (path, headers) = await CredentialsAsync(members, way, "member");
        var token = MembersServer.Token();

        await using (var client = await members.Server.ConnectAsync(path, With(headers)))
        {
            await client.SendAsync("hi");
            await client.ReceiveAsync();
            await client.CloseAsync();
        }

        using var refused = await members.Server.HandshakeAsync(path, [.. headers, ("Origin", "https://evil.net")]);

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        var signature = token[..20]; // All such tokens have the same start.
        Assert.DoesNotContain(signature, await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var lines = members.Server.Logs.Entries.Where(static entry => entry.Category.StartsWith("ChatKit", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(lines);
        Assert.DoesNotContain(lines, line => line.Message.Contains(signature, StringComparison.Ordinal));
    }

    /// <summary>The browser sends the visitor's cookies with the handshake of another site's page, but the page is not admitted.</summary>
    [Fact]
    public async Task A_page_of_another_origin_cannot_connect_with_the_cookie_of_its_visitor()
    {
        var script = new Script();
        await using var members = await MembersServer.StartAsync(script);
        var cookie = await members.LogInAsync();

        using var response = await members.Server.HandshakeAsync("/chat/lobby", ("Cookie", cookie), ("Origin", "https://evil.net"));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Empty(script.Calls);
    }

    /// <summary>Any client can offer <c>chatkit.v1</c> and claim that it was in a room.</summary>
    [Theory]
    [InlineData("secret", "after=secret~e:1")]
    [InlineData("lobby", "after=secret~e:1")]
    public async Task A_client_that_may_not_join_a_room_cannot_read_it_by_resuming(string room, string query)
    {
        var script = new Script
        {
            Authorize = static room => room != "secret",
            Message = static (connection, message) => connection.JoinAsync(message.Text),
        };
        await using var members = await MembersServer.StartAsync(script);
        var rooms = (IRoomBroadcaster)members.Server.Services.GetService(typeof(IRoomBroadcaster))!;
        await rooms.BroadcastAsync("secret", "hidden");
        var settings = new ClientSettings
        {
            Options = static options =>
            {
                options.AddSubProtocol("chatkit.v1");
                options.SetRequestHeader("Authorization", $"Bearer {MembersServer.Token()}");
            },
        };
        await using var client = await members.Server.ConnectAsync($"/chat/{room}?{query}", settings);
        Assert.StartsWith("{\"type\":\"welcome\"", await client.ReceiveAsync(), StringComparison.Ordinal);
        if (room == "secret")
        {
            Assert.Equal((WebSocketCloseStatus.PolicyViolation, "not allowed in this room"), await client.ReceiveCloseAsync());
            return;
        }

        Assert.StartsWith("{\"type\":\"live\",\"room\":\"lobby\"", await client.ReceiveAsync(), StringComparison.Ordinal);
        await client.SendAsync("""{"type":"message","ref":"r","data":"secret"}""");
        Assert.StartsWith("{\"type\":\"error\",\"ref\":\"r\",\"code\":\"forbidden\"", await client.ReceiveAsync(), StringComparison.Ordinal);
        await rooms.BroadcastAsync("secret", "hidden too");
        await rooms.BroadcastAsync("lobby", "end");
        Assert.Contains("\"data\":\"end\"", await client.ReceiveAsync(), StringComparison.Ordinal);
    }

    private static ClientSettings With((string Name, string Value)[] headers) => new()
    {
        Options = options =>
        {
            foreach (var (name, value) in headers)
            {
                if (name == "Sec-WebSocket-Protocol")
                    options.AddSubProtocol(value);
                else
                    options.SetRequestHeader(name, value);
            }
        },
    };

    private static async Task<(string Path, (string Name, string Value)[] Headers)> CredentialsAsync(
        MembersServer members, string way, string role, Func<string, string>? forge = null)
    {
        var secret = way == "cookie" ? await members.LogInAsync(role) : MembersServer.Token(role);
        secret = forge?.Invoke(secret) ?? secret;
        return way switch
        {
            "cookie" => ("/chat/lobby", [("Cookie", secret)]),
            "header" => ("/chat/lobby", [("Authorization", $"Bearer {secret}")]),
            "query" => ($"/chat/lobby?access_token={secret}", []),
            _ => ("/chat/lobby", [("Sec-WebSocket-Protocol", $"bearer.{secret}")]),
        };
    }
}
