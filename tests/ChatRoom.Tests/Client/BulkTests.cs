using Microsoft.Playwright;

namespace ChatRoom.Tests.Client;

/// <summary>A client that was offline for a long time has many messages to send.</summary>
public class BulkTests(Browser browser)
{
    private const int Count = 2_000;

    private const string CountWritten = """
        window.written = 0;
        const setItem = Storage.prototype.setItem;
        Storage.prototype.setItem = function (key, value) { written += value.length; setItem.call(this, key, value); };
        """;

    [Fact]
    public async Task Writes_to_storage_grow_linearly_with_the_number_of_messages()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var page = await ClientPage.ConnectAsync(browser, server, before: CountWritten);
        var connection = await server.AcceptAsync();

        var took = await page.Page.EvaluateAsync<double>($$"""
            () => {
              const start = performance.now();
              for (let i = 0; i < {{Count}}; i++) chat.send(`message ${i}`);
              return performance.now() - start;
            }
            """);
        TestContext.Current.SendDiagnosticMessage($"{Count} messages were taken in {took:0} ms");
        var typed = await page.Page.EvaluateAsync<long>("written");
        await connection.WelcomeAsync();
        await connection.SendLiveAsync("e:0");
        for (var i = 0; i < Count; i++)
        {
            var (reference, text) = await connection.ReceiveMessageAsync();
            Assert.Equal($"message {i}", text);
            await connection.AcknowledgeAsync(reference, $"e:{i + 1}");
        }

        await page.ExpectAsync("all('ack', 'ref').length", $"{Count}");
        await page.ExpectAsync("[chat.pending.length, sessionStorage.length]", "[0,0]");
        Assert.InRange(typed, 0, Count * 500);
        Assert.InRange(await page.Page.EvaluateAsync<long>("written"), 0, Count * 1000);
    }
}
