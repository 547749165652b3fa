using ChatKit.Client;

namespace ChatKit.Migration.Tests.SignalR;

public sealed class ChatKitTests(ChatKitApp app) : TeamChatTests(app), IClassFixture<ChatKitApp>
{
    /// <summary>What the application on SignalR can't do: there, whoever comes back receives all stored messages again.</summary>
    [Fact]
    public async Task A_user_who_was_away_receives_what_they_missed_and_nothing_again()
    {
        var address = new Uri(app.Address, $"/chat/{Guid.NewGuid():n}?name=ann");
        await using var bob = new ChatClient(new UriBuilder(address) { Query = "name=bob" }.Uri);
        await bob.ConnectAsync().Soon();
        var last = await bob.SendAsync("before").Soon();

        await bob.SendAsync("meanwhile").Soon();
        var options = new ChatClientOptions { After = { [bob.HomeRoom!] = last } };
        await using var ann = new ChatClient(address, options);
        await ann.ConnectAsync().Soon();
        await bob.SendAsync("after").Soon();

        Assert.Equal(["meanwhile", "after"], await ann.Events().OfType<MessageReceived>().Select(message => message.Text!).Take(2).ToListAsync().AsTask().Soon());
    }
}
