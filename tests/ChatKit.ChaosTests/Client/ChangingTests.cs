using ChatKit.TestKit.Client;

namespace ChatKit.ChaosTests.Client;

public class ChangingTests
{
    [Fact]
    public async Task Edits_and_deletions_are_sent_in_order_with_messages_until_they_are_acknowledged()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var sending = new[] { client.SendAsync("a"), client.EditAsync("e:1", "b"), client.DeleteAsync("e:2") };
        var first = await server.WelcomeAsync();
        var sent = new[] { await first.ReceiveFrameAsync(), await first.ReceiveFrameAsync(), await first.ReceiveFrameAsync() };
        Assert.Equal(["message", "edit", "delete"], sent.Select(static frame => frame["type"]));
        Assert.Equal(("e:1", "b"), (sent[1]["position"], sent[1]["data"]));
        Assert.Equal("e:2", sent[2]["position"]);
        first.Abort();

        var second = await server.WelcomeAsync();
        foreach (var frame in sent)
        {
            Assert.Equal(frame, await second.ReceiveFrameAsync());
            await second.SendAckAsync(frame["ref"], "e:3");
        }

        Assert.Equal(["e:3", "e:1", "e:2"], (await Task.WhenAll(sending).Soon()).Select(static ack => ack.Position));
    }

    [Fact]
    public async Task A_refused_edit_fails_with_the_code_of_the_error()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var connection = await server.WelcomeAsync();
        var editing = client.EditAsync("e:1", "b");

        await connection.SendErrorAsync((await connection.ReceiveAsync()).Ref, "gone");

        Assert.Equal("gone", (await Assert.ThrowsAsync<SendFailedException>(() => editing.Soon())).Code);
    }

    [Fact]
    public async Task A_change_is_reported_with_its_revision()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var connection = await server.WelcomeAsync();
        await connection.SendAsync(
            """{"type":"message","room":"lobby","position":"e:1","at":"2026-11-22T18:00:00Z","edited":"2026-11-22T18:01:00Z","data":"one"}""");
        await connection.SendAsync("""{"type":"message","room":"lobby","position":"e:2","at":"2026-11-22T18:00:00Z","deleted":true}""");
        await connection.SendAsync("""{"type":"change","room":"lobby","position":"e:1","revision":3,"at":"2026-11-22T18:02:00Z","data":"uno"}""");
        await connection.SendAsync("""{"type":"change","room":"lobby","position":"e:1","revision":4,"at":"2026-11-22T18:03:00Z","deleted":true}""");

        Assert.True(await client.NextAsync<MessageReceived>() is { Text: "one", IsEdited: true, IsDeleted: false });
        Assert.True(await client.NextAsync<MessageReceived>() is { Text: null, IsEdited: false, IsDeleted: true });
        Assert.Equal(new MessageChanged("lobby", "e:1", 3, "uno", null, false), await client.NextAsync<MessageChanged>());
        Assert.Equal(new MessageChanged("lobby", "e:1", 4, null, null, true), await client.NextAsync<MessageChanged>());
    }

    [Fact]
    public async Task The_client_resumes_after_the_last_revision_of_live_or_a_change()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var first = await server.WelcomeAsync();
        await first.SendMessageAsync("e:1", "one");
        await first.SendAsync("""{"type":"live","room":"lobby","position":"e:1","revision":7,"recovered":false}""");
        await client.NextAsync<BecameLive>();
        first.Abort();

        var second = await server.WelcomeAsync();
        Assert.Equal(["lobby~e:1/7"], second.After);
        await second.SendAsync("""{"type":"change","room":"lobby","position":"e:1","revision":8,"at":"2026-11-22T18:02:00Z","data":"uno"}""");
        await client.NextAsync<MessageChanged>();
        second.Abort();

        Assert.Equal(["lobby~e:1/8"], (await server.WelcomeAsync()).After);
    }

    [Fact]
    public async Task After_a_reset_the_client_knows_no_revision()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var first = await server.WelcomeAsync();
        await first.SendAsync("""{"type":"live","room":"lobby","position":"e:7","revision":7,"recovered":false}""");
        await first.SendAsync("""{"type":"gap","room":"lobby","after":"e:7","next":"f:1","reset":true}""");
        await first.SendMessageAsync("f:1", "one");
        await client.NextAsync<MessageReceived>();
        first.Abort();

        Assert.Equal(["lobby~f:1"], (await server.WelcomeAsync()).After);
    }
}
