using ChatKit;

namespace ChatRoom.Tests.Client;

/// <summary>The browser client's signals, with a real server.</summary>
public class TypingTests(Browser browser)
{
    [Fact]
    public async Task Others_in_the_room_receive_a_signal()
    {
        await using var server = await RealServer.StartAsync<Typing>(static options => options.AllowClientJoins = true);
        await using var ann = await ClientPage.ConnectAsync(browser, server.Address, url: "chat/lobby?name=ann");
        await using var bob = await ClientPage.ConnectAsync(browser, server.Address, url: "chat/lobby?name=bob");
        foreach (var page in new[] { ann, bob })
        {
            await page.RunAsync("window.team = chat.join('team');");
            await page.ExpectAsync("all('live', 'room').length", "2");
        }

        await ann.RunAsync("for (let i = 0; i < 5; i++) { chat.signal('typing'); team.signal('typing', `${i}`); }");

        await bob.ExpectAsync("all('signal', 'room', 'from', 'name', 'data').sort()", """[["lobby","ann","typing",null],["team","ann","typing","0"]]""");
        await bob.RunAsync("team.signal('secret');");
        await bob.ExpectAsync("all('error', 'code')", """["forbidden"]""");
        await ann.ExpectAsync("[...all('signal', 'name'), ...all('error', 'code')]", "[]");
    }

    private sealed class Typing : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);

        protected override ValueTask OnSignalAsync(RoomSignal signal) =>
            signal.Name == "typing" ? SignalAsync(signal.Name, signal.Data, signal.Room) : base.OnSignalAsync(signal);
    }
}
