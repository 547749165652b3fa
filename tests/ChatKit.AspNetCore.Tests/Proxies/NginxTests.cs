namespace ChatKit.AspNetCore.Tests.Proxies;

/// <summary>Behind nginx.</summary>
public sealed class NginxTests : ProxyContract, IClassFixture<RedisServer>
{
    public NginxTests(RedisServer redis)
        : base(redis) => Requirement.Nginx();

    /// <summary>As in many examples for WebSockets.</summary>
    [Fact]
    public async Task All_ways_in_work_if_nginx_asks_for_an_upgrade_with_each_request()
    {
        await using var nginx = await Nginx.StartAsync(
            [await StartNodeAsync("one")],
            new ProxySettings(),
            static text => text.Replace("$connection_upgrade;", "upgrade;", StringComparison.Ordinal));

        await AssertStreamsPostsAndPollsWorkAsync(nginx);
    }

    /// <summary>Shows that nginx does buffer, here even the head of the response, and that only the header of the stream prevents it.</summary>
    [Fact]
    public async Task Events_are_held_back_if_nginx_ignores_the_header_that_turns_buffering_off()
    {
        var node = await StartNodeAsync("one");
        await using var nginx = await Nginx.StartAsync(
            [node],
            new ProxySettings { BlocksWebSockets = true },
            static text => text.Replace("proxy_pass ", "proxy_ignore_headers X-Accel-Buffering; proxy_pass ", StringComparison.Ordinal));
        using var http = new HttpClient();
        await using var direct = Stream(node);
        await using var proxied = new EventStreamClient(ChatNode.RoomAt(nginx.Address), http);

        var opening = proxied.OpenAsync();
        await direct.OpenAsync();
        await Task.Delay(TimeSpan.FromSeconds(0.5)); // What must not happen takes a few milliseconds.

        Assert.False(opening.IsCompleted);
        http.CancelPendingRequests();
        await Assert.ThrowsAsync<TaskCanceledException>(() => opening.Soon());
    }

    private protected override async Task<ReverseProxy> StartProxyAsync(IReadOnlyList<Uri> nodes, ProxySettings settings) =>
        await Nginx.StartAsync(nodes, settings);
}
