namespace ChatKit.Migration.Tests.SignalR;

/// <summary>The team chat, on SignalR or on ChatKit.</summary>
public interface ITeamChat
{
    Uri Address { get; }

    /// <summary>Connects a user.</summary>
    Task<IMember> ConnectAsync(string user);
}

/// <summary>A user's client.</summary>
public interface IMember : IAsyncDisposable
{
    /// <summary>Enters a room; false if the user may not.</summary>
    Task<bool> EnterAsync(string room);

    Task SendAsync(string room, string text);

    Task TypeAsync(string room);

    /// <summary>The next message: its room, its sender, and its text.</summary>
    Task<(string Room, string? From, string Text)> ReceiveAsync();

    /// <summary>The next user who is typing.</summary>
    Task<string> ReceiveTypingAsync();
}
