using System.Net.WebSockets;

namespace ChatRoom.Tests;

/// <summary>The first run of the sample on a new machine.</summary>
public class FirstRunTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_first_run_prints_only_the_URL_and_where_the_history_is(bool canWriteHome)
    {
        var folder = Directory.CreateTempSubdirectory("chatroom-");
        try
        {
            // A file cannot contain other files, so even root cannot create one here.
            var home = Path.Combine(folder.FullName, "home");
            if (canWriteHome)
                Directory.CreateDirectory(home);
            else
                await File.WriteAllTextAsync(home, "");
            await using var chatRoom = await ChatRoomProcess.StartAsync(new Dictionary<string, string> { ["HOME"] = home });
            var twoLines = $"""
                Open {chatRoom.Address.GetLeftPart(UriPartial.Authority)} in your browser. Ctrl+C ends the chat room.
                History: the last 100 messages of each room, in memory; they are gone when the program ends.
                """;
            await Patience.UntilAsync(() => chatRoom.Output.Contains("History"), "the location of the history is printed");
            using var http = new HttpClient();
            Assert.Contains("Join a room", await http.GetStringAsync(chatRoom.Address));
            using (var client = await chatRoom.ConnectAsync("/echo"))
                await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);

            await chatRoom.StopAsync();

            Assert.Equal(twoLines.ReplaceLineEndings("\n"), chatRoom.Output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
