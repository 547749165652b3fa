using System.Threading.Channels;
using ChatKit.Client;

namespace ChatKit.Migration.Tests.SignalR;

/// <summary>The team chat on ChatKit.</summary>
public sealed class ChatKitApp : ITeamChat, IAsyncLifetime
{
    private Sample _sample = null!;

    public Uri Address => _sample.Address;

    public async ValueTask InitializeAsync() => _sample = await Sample.StartAsync("ChatKitChat");

    public async Task<IMember> ConnectAsync(string user)
    {
        var member = new Member(new ChatClient(new Uri(Address, $"/chat/home-of-{user}?name={user}")));
        await member.StartAsync().Soon();
        return member;
    }

    public ValueTask DisposeAsync() => _sample.DisposeAsync();

    private sealed class Member : IMember
    {
        private readonly ChatClient _client;
        private readonly Task _events;
        private readonly Dictionary<string, JoinedRoom> _rooms = [];
        private readonly Channel<(string, string?, string)> _messages = Channel.CreateUnbounded<(string, string?, string)>();
        private readonly Channel<string> _typing = Channel.CreateUnbounded<string>();

        public Member(ChatClient client)
        {
            _client = client;
            _events = ReadAsync();
        }

        public Task StartAsync() => _client.ConnectAsync();

        public async Task<bool> EnterAsync(string room)
        {
            try
            {
                _rooms[room] = await _client.JoinAsync(room).Soon();
                return true;
            }
            catch (ChatException refused) when (refused.Code == ChatErrorCodes.Forbidden)
            {
                return false;
            }
        }

        public Task SendAsync(string room, string text) => _rooms[room].SendAsync(text).Soon();

        public Task TypeAsync(string room)
        {
            _rooms[room].Signal("typing");
            return Task.CompletedTask;
        }

        public Task<(string Room, string? From, string Text)> ReceiveAsync() => _messages.Reader.ReadAsync().AsTask().Soon();

        public Task<string> ReceiveTypingAsync() => _typing.Reader.ReadAsync().AsTask().Soon();

        public async ValueTask DisposeAsync()
        {
            await _client.DisposeAsync();
            await _events.Soon();
        }

        private async Task ReadAsync()
        {
            await foreach (var e in _client.Events())
            {
                if (e is MessageReceived { Room: { } room, Text: { } text } message)
                    _messages.Writer.TryWrite((room, message.From, text));
                else if (e is SignalReceived { Name: "typing", From: { } user })
                    _typing.Writer.TryWrite(user);
            }
        }
    }
}
