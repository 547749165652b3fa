using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Claims;
using ChatKit.Client.Tests.Fixtures;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Client.Tests;

/// <summary>The credentials of a client expire while it talks to another one. Only the test advances the clock of both, and of the server.</summary>
public sealed class ExpiryTests : IAsyncLifetime
{
    private const int Renewals = 3;

    /// <summary>How long a token is valid.</summary>
    private static readonly TimeSpan Validity = TimeSpan.FromMinutes(10);

    /// <summary>After this time, the client has begun to renew its token, and after a minute more, the token has expired.</summary>
    private static readonly TimeSpan Renewal = TimeSpan.FromMinutes(9.25);

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private readonly ConcurrentDictionary<string, int> _open = new(); // connections by token
    private RealServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RealServer.StartAsync(
        static options => options.PingInterval = Timeout.InfiniteTimeSpan, before: AuthenticateAsync, clock: _clock);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(ChatTransport.WebSockets)]
    [InlineData(ChatTransport.ServerSentEvents)]
    public async Task A_client_is_never_without_a_connection_and_loses_and_repeats_nothing(ChatTransport transport)
    {
        await using var ann = await TalkAsync("ann", transport, Token);
        await using var bob = await TalkAsync("bob", ChatTransport.WebSockets, static () => "bob");
        await bob.UntilTwoAreHereAsync();

        var token = Assert.Single(OpenTokens());
        await AdvanceAsync(Minute, ann, bob);
        for (var i = 0; i < Renewals; i++)
        {
            await AdvanceAsync(Renewal - Minute, ann, bob);
            var old = token;
            await Patience.UntilAsync(() => OpenTokens() is [var open] && open != old, "the client moves to a connection with a new token");
            token = OpenTokens()[0];
            await Task.WhenAll(ann.SaySomethingAsync(), bob.SaySomethingAsync());
            await AdvanceAsync(Minute, ann, bob); // The old token has expired.
            await Task.WhenAll(ann.SaySomethingAsync(), bob.SaySomethingAsync());
        }

        await VerifyAsync(ann, bob);
        foreach (var one in new[] { ann, bob })
        {
            Assert.Equal([ChatState.Connecting, ChatState.Live], one.Of<StateChanged>().Select(static change => change.State));
            Assert.DoesNotContain(one.Of<PresenceChanged>(), static presence => presence.Left.Count > 0);
        }
    }

    /// <summary>The server doesn't say when the credentials of a poll expire.</summary>
    [Fact]
    public async Task A_client_that_polls_comes_back_with_a_new_token_and_loses_and_repeats_nothing()
    {
        await using var ann = await TalkAsync("ann", ChatTransport.Polling, Token);
        await using var bob = await TalkAsync("bob", ChatTransport.WebSockets, static () => "bob");

        for (var i = 0; i < Renewals; i++)
        {
            var connections = ann.Count<StateChanged>(static change => change.State == ChatState.Live);
            await AdvanceAsync(Validity + Minute, ann, bob);
            await Patience.UntilAsync(
                () =>
                {
                    _clock.Advance(TimeSpan.FromMilliseconds(1)); // for the delay before the new connection
                    return ann.Count<StateChanged>(static change => change.State == ChatState.Live) > connections;
                },
                "the client comes back");
            await Task.WhenAll(ann.SaySomethingAsync(), bob.SaySomethingAsync());
        }

        await VerifyAsync(ann, bob);
    }

    private static async Task VerifyAsync(Talk ann, Talk bob)
    {
        string[] sent = [.. (await ann.StopAsync()).Concat(await bob.StopAsync()).OrderBy(static one => one.Sequence).Select(static one => one.Text)];
        foreach (var one in new[] { ann, bob })
        {
            await Patience.UntilAsync(() => one.Of<MessageReceived>().Length >= sent.Length, "everything has arrived");
            Assert.Equal(sent, one.Of<MessageReceived>().Select(static message => message.Text));
            Assert.Empty(one.Of<GapDetected>());
            Assert.Empty(one.Of<ErrorReceived>());
        }
    }

    /// <summary>Advances the clock while no message is on its way, because one that takes minutes can't be sent again.</summary>
    private async Task AdvanceAsync(TimeSpan time, params Talk[] talks)
    {
        foreach (var talk in talks)
            await talk.Turn.WaitAsync().Soon();
        _clock.Advance(time);
        foreach (var talk in talks)
            talk.Turn.Release();
    }

    private async Task<Talk> TalkAsync(string name, ChatTransport transport, Func<string> token)
    {
        var client = Clients.Create(_server.Address, options =>
        {
            (options.Transports, options.TimeProvider) = ([transport], _clock);
            options.Token = _ => Task.FromResult<string?>(token());
        });
        var talk = new Talk(name, client);
        await client.ConnectAsync().Soon();
        await talk.SaySomethingAsync();
        return talk;
    }

    private string Token() => (_clock.GetUtcNow() + Validity).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    private string[] OpenTokens() => [.. _open.Where(static pair => pair.Value > 0 && pair.Key != "bob").Select(static pair => pair.Key)];

    /// <summary>The token of Ann is the time when it expires, and that of Bob doesn't.</summary>
    private async Task AuthenticateAsync(HttpContext context, Func<Task> next)
    {
        var token = context.User.FindFirstValue(ClaimTypes.NameIdentifier)!;
        var isConnection = HttpMethods.IsGet(context.Request.Method);
        if (long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var expires))
        {
            var properties = new AuthenticationProperties { ExpiresUtc = DateTimeOffset.FromUnixTimeMilliseconds(expires) };
            if (properties.ExpiresUtc <= _clock.GetUtcNow())
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return;
            }

            context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, "ann")], "test"));
            var result = AuthenticateResult.Success(new AuthenticationTicket(context.User, properties, "test"));
            context.Features.Set<IAuthenticateResultFeature>(new Authenticated { AuthenticateResult = result });
        }

        if (isConnection)
            _open.AddOrUpdate(token, 1, static (_, count) => count + 1);
        try
        {
            await next();
        }
        finally
        {
            if (isConnection)
                _open.AddOrUpdate(token, 0, static (_, count) => count - 1);
        }
    }

    private sealed class Authenticated : IAuthenticateResultFeature
    {
        public AuthenticateResult? AuthenticateResult { get; set; }
    }

    /// <summary>A client that sends one message after the other, and collects its events.</summary>
    private sealed class Talk : IAsyncDisposable
    {
        private readonly ChatClient _client;
        private readonly string _name;
        private readonly ConcurrentQueue<ChatEvent> _events = [];
        private readonly ConcurrentQueue<(long Sequence, string Text)> _sent = [];
        private readonly Task _reading;
        private readonly Task _sending;
        private volatile bool _isOver;

        public Talk(string name, ChatClient client)
        {
            (_name, _client) = (name, client);
            _reading = ReadAsync();
            _sending = SendAsync();
        }

        /// <summary>Taken while a message is on its way.</summary>
        public SemaphoreSlim Turn { get; } = new(1);

        public T[] Of<T>() => [.. _events.OfType<T>()];

        public int Count<T>(Func<T, bool> condition) => _events.OfType<T>().Count(condition);

        /// <summary>Waits until two more of its messages are acknowledged.</summary>
        public Task SaySomethingAsync()
        {
            var count = _sent.Count;
            return Patience.UntilAsync(() => _sent.Count > count + 1 || _sending.IsCompleted, $"{_name} says something");
        }

        public Task UntilTwoAreHereAsync() => Patience.UntilAsync(() => Of<PresenceChanged>() is [.., { Count: 2 }], "both are in the room");

        public async Task<(long Sequence, string Text)[]> StopAsync()
        {
            _isOver = true;
            await _sending.Soon();
            return [.. _sent];
        }

        public async ValueTask DisposeAsync()
        {
            _isOver = true;
            await _client.DisposeAsync();
            await _reading;
            Turn.Dispose();
        }

        private async Task ReadAsync()
        {
            await foreach (var happened in _client.Events())
                _events.Enqueue(happened);
        }

        private async Task SendAsync()
        {
            for (var i = 0; !_isOver; i++)
            {
                var text = $"{_name} {i}";
                await Turn.WaitAsync();
                try
                {
                    _sent.Enqueue(((await _client.SendAsync(text)).Sequence, text));
                }
                finally
                {
                    Turn.Release();
                }

                await Task.Delay(TimeSpan.FromMilliseconds(5));
            }
        }
    }
}
