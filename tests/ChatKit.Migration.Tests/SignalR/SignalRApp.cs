using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace ChatKit.Migration.Tests.SignalR;

/// <summary>The team chat on SignalR.</summary>
public sealed class SignalRApp : ITeamChat, IAsyncLifetime
{
    private Sample _sample = null!;

    public Uri Address => _sample.Address;

    public async ValueTask InitializeAsync() => _sample = await Sample.StartAsync("SignalRChat");

    public async Task<IMember> ConnectAsync(string user)
    {
        var member = new Member(new HubConnectionBuilder().WithUrl(new Uri(Address, $"/chat?name={user}")).Build());
        await member.StartAsync().Soon();
        return member;
    }

    public ValueTask DisposeAsync() => _sample.DisposeAsync();

    private sealed record StoredMessage(string? From, string Text, DateTimeOffset At);

    private sealed class Member : IMember
    {
        private readonly HubConnection _connection;
        private readonly Channel<(string, string?, string)> _messages = Channel.CreateUnbounded<(string, string?, string)>();
        private readonly Channel<string> _typing = Channel.CreateUnbounded<string>();

        public Member(HubConnection connection)
        {
            _connection = connection;
            connection.On<string, StoredMessage>("Message", (room, message) => _messages.Writer.TryWrite((room, message.From, message.Text)));
            connection.On<string, string>("Typing", (_, user) => _typing.Writer.TryWrite(user));
        }

        public Task StartAsync() => _connection.StartAsync();

        public async Task<bool> EnterAsync(string room)
        {
            try
            {
                await _connection.InvokeAsync("Join", room).Soon();
                return true;
            }
            catch (HubException)
            {
                return false;
            }
        }

        public Task SendAsync(string room, string text) => _connection.InvokeAsync("Send", room, text).Soon();

        public Task TypeAsync(string room) => _connection.SendAsync("Typing", room).Soon();

        public Task<(string Room, string? From, string Text)> ReceiveAsync() => _messages.Reader.ReadAsync().AsTask().Soon();

        public Task<string> ReceiveTypingAsync() => _typing.Reader.ReadAsync().AsTask().Soon();

        public ValueTask DisposeAsync() => _connection.DisposeAsync();
    }
}
