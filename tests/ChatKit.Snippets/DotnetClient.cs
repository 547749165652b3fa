using ChatKit.Client;
using ChatKit.Snippets;
using MessagePosition = ChatKit.Client.MessagePosition;

namespace Snippets;

internal static class DotnetClient
{
    public static async Task UseAsync(CancellationToken stop)
    {
        await using var chat = new ChatClient(new Uri("https://example.com/chat/lobby"), new ChatClientOptions { Token = ct => GetTokenAsync(ct) });
        await chat.ConnectAsync();                                   // retries like any later attempt; returns when live
        MessagePosition position = await chat.SendAsync("hi");       // stored
        await foreach (var e in chat.Events(stop))
        {
            switch (e)
            {
                case MessageReceived { Text: { } text } message:
                    Console.WriteLine($"{message.From}: {text}");
                    break;
                case GapDetected gap:
                    Console.WriteLine(gap.IsReset ? "Older messages were lost." : $"{gap.Missed} messages are missing here.");
                    break;
                case StateChanged { State: ChatState.Reconnecting, RetryAt: var at, Reason: var reason }:
                    Console.WriteLine($"Reconnecting at {at}: {reason}");
                    break;
            }
        }
    }

    public static async Task JoinAsync(ChatClient chat, CancellationToken stop)
    {
        JoinedRoom team = await chat.JoinAsync("team-7");
        await team.SendAsync("hello, team");
        await foreach (var e in team.Events(stop))
            Show(e);
        await team.LeaveAsync();
    }

    public static async Task SendJsonAsync(ChatClient chat, MessageReceived message)
    {
        await chat.SendAsync(new Note("buy milk"), ChatJson.Default.Note); // ChatJson: your JsonSerializerContext
        if (message.Json is not null && message.ReadJson(ChatJson.Default.Note) is { } note)
            Console.WriteLine(note.Text);
    }

    public static ChatClientOptions Store()
    {
        var options = new ChatClientOptions { Storage = new FileOutboxStorage("/var/lib/bot/outbox") };
        if (LoadPosition() is { } last)
            options.After["lobby"] = last;                           // receive what follows it, or a gap
        return options;
    }

    public static void Register(IServiceCollection services)
    {
        services.AddChatKitClient(new Uri("https://example.com/chat/lobby"), (provider, options) => options.Token = ct => GetTokenAsync(ct));
        services.AddChatKitClient("support", new Uri("https://example.com/chat/support")); // [FromKeyedServices("support")] ChatClient support
    }

    private static Task<string?> GetTokenAsync(CancellationToken stop) => Task.FromResult<string?>(stop.IsCancellationRequested ? null : "token");

    private static MessagePosition? LoadPosition() => null;

    private static void Show(ChatEvent e) => Console.WriteLine(e);
}
