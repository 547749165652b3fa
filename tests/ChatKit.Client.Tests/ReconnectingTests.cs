using System.Diagnostics;
using ChatKit.Client.Tests.Fixtures;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Client.Tests;

public sealed class ReconnectingTests : IAsyncLifetime
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    /// <summary>Timers count in coarse ticks, and the clock of a test starts late on a busy machine.</summary>
    private static readonly TimeSpan ShortestMoment = TimeSpan.FromMilliseconds(150);

    private ScriptedServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(1000)]
    [InlineData(1002)]
    [InlineData(1007)]
    [InlineData(1009)]
    [InlineData(4001)]
    public async Task The_client_stays_closed_after_a_final_code_until_it_is_asked_to_connect(int code)
    {
        await using var client = Clients.Create(_server.Address);
        await using var events = client.Read();
        var connecting = client.ConnectAsync();
        var waiting = client.SendAsync("a");
        var first = await _server.WelcomeAsync();
        await first.ReceiveAsync("message", "a");
        await first.CloseAsync(code);

        var failure = await connecting.FailsAsync();
        var closed = await events.UntilAsync(ChatState.Closed);

        Assert.Equal((ChatErrorCodes.Closed, "why", code), (failure.Code, failure.Message, failure.CloseCode));
        Assert.Equal((code, "why", null), (closed.CloseCode, closed.Reason, closed.RetryAt));
        Assert.Equal(ChatErrorCodes.Unknown, (await waiting.FailsAsync()).Code);
        Assert.Equal(ChatErrorCodes.Closed, (await client.SendAsync("b").FailsAsync()).Code);
        var again = client.ConnectAsync();
        await _server.LiveAsync();
        await again.Soon();
        Assert.Equal(ChatState.Live, client.State);
    }

    [Theory]
    [InlineData(1001)]
    [InlineData(1008)]
    [InlineData(1011)]
    [InlineData(1012)]
    [InlineData(1013)]
    public async Task The_client_reconnects_after_any_other_code(int code)
    {
        await using var client = Clients.Start(_server.Address);
        await using var events = client.Read();
        await (await _server.LiveAsync()).CloseAsync(code);
        await events.UntilAsync(ChatState.Live);
        var waiting = await events.UntilAsync(ChatState.Reconnecting);

        await _server.LiveAsync();

        Assert.Equal((code, "why"), (waiting.CloseCode, waiting.Reason));
        Assert.NotNull(waiting.RetryAt);
        Assert.Null((await events.UntilAsync(ChatState.Live)).CloseCode);
    }

    [Fact]
    public async Task The_client_stays_closed_after_three_refusals_in_a_row()
    {
        await using var client = Clients.Create(_server.Address);
        var connecting = client.ConnectAsync();
        await (await _server.WelcomeAsync()).CloseAsync(1008);
        await (await _server.WelcomeAsync()).CloseAsync(1008);
        await (await _server.LiveAsync()).CloseAsync(1008);
        await connecting.Soon();
        await (await _server.WelcomeAsync()).CloseAsync(1008);
        connecting = client.ConnectAsync();

        await (await _server.WelcomeAsync()).CloseAsync(1008);

        Assert.Equal(1008, (await connecting.FailsAsync()).CloseCode);
        Assert.Equal(ChatState.Closed, client.State);
    }

    [Theory]
    [InlineData(1008)]
    [InlineData(1013)]
    public async Task The_client_waits_at_least_as_long_as_the_code_requires(int code)
    {
        await using var client = Clients.Start(
            _server.Address, static options => options.Times = options.Times with { Refused = Moment, Busy = Moment });
        var first = await _server.WelcomeAsync();
        var start = Stopwatch.GetTimestamp();
        await first.CloseAsync(code);

        await _server.AcceptAsync();

        Assert.True(Stopwatch.GetElapsedTime(start) >= ShortestMoment);
    }

    [Fact]
    public async Task A_retry_policy_decides_and_can_give_up()
    {
        var policy = new Policy();
        await using var client = Clients.Create(_server.Address, options => options.RetryPolicy = policy);
        var connecting = client.ConnectAsync();
        for (var i = 0; i < 3; i++)
            await (await _server.WelcomeAsync()).CloseAsync(1011);

        await connecting.FailsAsync();

        Assert.Equal([0, 1, 2], policy.Contexts.Select(static context => context.Attempt));
        Assert.All(
            policy.Contexts,
            static context => Assert.Equal((1011, "why", TimeSpan.Zero), (context.CloseCode, context.Reason, context.Minimum)));
    }

    [Fact]
    public async Task The_client_tries_for_ever_also_the_first_time()
    {
        await using var client = Clients.Create(_server.Address);
        _server.Status = 503;
        var connecting = client.ConnectAsync();
        await Patience.UntilAsync(() => _server.Handshakes > 5, "the client tries again");
        _server.Status = null;

        await _server.LiveAsync();

        await connecting.Soon();
    }

    [Fact]
    public async Task A_handshake_that_is_refused_is_tried_again_because_a_proxy_can_answer_like_this()
    {
        await using var client = Clients.Create(_server.Address);
        await using var events = client.Read();
        _server.Status = 401;
        var connecting = client.ConnectAsync();
        await Patience.UntilAsync(() => _server.Handshakes > 3, "the client tries again");
        _server.Status = null;

        await _server.LiveAsync();

        await connecting.Soon();
        var waiting = await events.UntilAsync(ChatState.Reconnecting);
        Assert.Equal((1006, "The handshake was answered with 401."), (waiting.CloseCode, waiting.Reason));
    }

    [Fact]
    public async Task Each_attempt_has_a_fresh_token_and_the_headers()
    {
        var count = 0;
        await using var client = Clients.Start(_server.Address, options =>
        {
            options.Token = _ => ++count == 2 ? throw new InvalidOperationException("no token") : Task.FromResult<string?>($"t{count}");
            options.Headers["X-Test"] = "1";
        });
        var first = await _server.WelcomeAsync();
        await first.SendAsync("""{"type":"ping"}""");
        await first.ReceiveAsync("pong");
        first.Abort();

        var second = await _server.WelcomeAsync();

        Assert.Equal(("Bearer t1", "Bearer t3"), (first.Authorization, second.Authorization));
        Assert.Equal(["c1"], second.Former);
    }

    [Fact]
    public async Task A_token_that_never_comes_is_an_attempt_that_fails()
    {
        var count = 0;
        await using var client = Clients.Start(_server.Address, options =>
        {
            options.ConnectTimeout = TimeSpan.FromMilliseconds(50);
            options.Token = _ => ++count == 1 ? new TaskCompletionSource<string?>().Task : Task.FromResult<string?>("t");
        });

        Assert.Equal("Bearer t", (await _server.AcceptAsync()).Authorization);
    }

    [Fact]
    public async Task The_client_leaves_a_silent_server_and_answers_pings()
    {
        await using var client = Clients.Start(_server.Address);
        var connection = await _server.WelcomeAsync(ping: 0.05);
        await connection.SendAsync("""{"type":"ping"}""");
        await connection.ReceiveAsync("pong");

        await _server.AcceptAsync();
    }

    [Fact]
    public async Task The_clock_of_the_options_decides_when_the_client_reconnects()
    {
        var time = new FakeTimeProvider();
        await using var client = Clients.Start(_server.Address, options =>
        {
            options.TimeProvider = time;
            options.Times = options.Times with { Busy = TimeSpan.FromMinutes(3) };
        });
        await using var events = client.Read();
        await (await _server.WelcomeAsync()).CloseAsync(1013);
        var waiting = await events.NextAsync<StateChanged>();
        while (waiting.RetryAt is null)
            waiting = await events.NextAsync<StateChanged>();
        Assert.InRange(waiting.RetryAt!.Value - time.GetUtcNow(), TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(3) + TimeSpan.FromMilliseconds(5));

        time.Advance(TimeSpan.FromMinutes(4));

        await _server.AcceptAsync();
    }

    [Fact]
    public async Task Connect_does_not_wait_for_the_next_attempt()
    {
        await using var client = Clients.Start(
            _server.Address, static options => options.Times = options.Times with { Busy = Clients.Long });
        await using var events = client.Read();
        await (await _server.WelcomeAsync()).CloseAsync(1013);
        while ((await events.NextAsync<StateChanged>()).RetryAt is null)
        {
            // It is still connected.
        }

        var connecting = client.ConnectAsync();

        await _server.LiveAsync();
        await connecting.Soon();
    }

    [Fact]
    public async Task A_disposed_client_closes_its_connection_and_reports_what_is_pending()
    {
        var client = Clients.Start(_server.Address, static options => options.CloseTimeout = Patience.Limit);
        var connection = await _server.LiveAsync();
        await client.ConnectAsync().Soon();
        var answered = client.SendAsync("answered");
        var unknown = client.SendAsync("unknown");
        var reference = await connection.ReceiveAsync("message", "answered");
        await connection.ReceiveAsync("message", "unknown");

        var disposing = client.DisposeAsync().AsTask();
        Assert.Equal(1000, await connection.ReceiveCloseAsync());
        await connection.SendAckAsync(reference, "e:2");
        await connection.CloseAsync(1000);
        await disposing.Soon();

        Assert.Equal("e:2", (await answered.Soon()).ToString());
        Assert.Equal(ChatErrorCodes.Unknown, (await unknown.FailsAsync()).Code);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.SendAsync("late"));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.ConnectAsync());
        await client.DisposeAsync();
    }

    [Fact]
    public async Task A_client_whose_server_does_not_answer_is_disposed_in_limited_time()
    {
        var client = Clients.Start(_server.Address, static options => options.CloseTimeout = TimeSpan.FromMilliseconds(50));
        await _server.LiveAsync();
        await client.ConnectAsync().Soon();

        await client.DisposeAsync().AsTask().Soon();

        Assert.Equal(ChatState.Closed, client.State);
    }

    [Theory]
    [InlineData("relative", true)]
    [InlineData("ftp://example.com/", false)]
    public void An_address_that_is_not_one_of_a_server_is_refused(string address, bool isRelative) =>
        Assert.Throws<ArgumentException>(() => new ChatClient(new Uri(address, isRelative ? UriKind.Relative : UriKind.Absolute)));

    [Fact]
    public void Options_out_of_range_are_refused() => Assert.Contains(
        "MaxPendingMessages",
        Assert.Throws<ArgumentOutOfRangeException>(() => Clients.Create(_server.Address, static options => options.MaxPendingMessages = 0)).Message,
        StringComparison.Ordinal);

    private sealed class Policy : IRetryPolicy
    {
        public List<RetryContext> Contexts { get; } = [];

        public TimeSpan? GetDelay(RetryContext context)
        {
            Contexts.Add(context);
            return Contexts.Count == 3 ? null : TimeSpan.Zero;
        }
    }
}
