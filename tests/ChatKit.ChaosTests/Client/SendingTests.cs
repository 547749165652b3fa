using ChatKit.TestKit.Client;

namespace ChatKit.ChaosTests.Client;

public class SendingTests
{
    [Fact]
    public async Task A_message_is_sent_until_it_is_acknowledged()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var sending = new[] { client.SendAsync("a"), client.SendAsync("b"), client.SendAsync("c") };
        var first = await server.WelcomeAsync();
        var sent = await first.ReceiveMessagesAsync(3);
        Assert.Equal(["a", "b", "c"], sent.Select(static message => message.Text));
        await first.SendAckAsync(sent[0].Ref, "e:1");
        var ack = await sending[0].Soon();
        first.Abort();

        var second = await server.WelcomeAsync();
        Assert.Equal(sent[1..], await second.ReceiveMessagesAsync(2));
        await second.SendAckAsync(sent[1].Ref, "e:2");
        await second.SendAckAsync(sent[2].Ref, "e:3");

        Assert.Equal(new Ack("e:1"), ack);
        Assert.Equal("e:3", (await sending[2].Soon()).Position);
        Assert.Equal(0, client.Unacknowledged);
        Assert.All(sent, static message => Assert.InRange(message.Ref.Length, 1, 64));
    }

    [Fact]
    public async Task Nothing_is_sent_before_the_welcome()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var sending = client.SendAsync("a");
        var connection = await server.AcceptAsync();
        var receiving = connection.ReceiveMessagesAsync(1);
        await Task.Delay(Clients.Moment);
        Assert.False(receiving.IsCompleted);

        await connection.SendAsync("""{"type":"welcome","connection":"c","room":"lobby","ping":20,"limit":1024}""");

        await connection.SendAckAsync((await receiving)[0].Ref, "e:1");
        await sending.Soon();
    }

    [Fact]
    public async Task Messages_that_could_not_be_stored_are_sent_again_in_order()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var connection = await server.WelcomeAsync();
        _ = client.SendAsync("a");
        _ = client.SendAsync("b");
        _ = client.SendAsync("c");
        var sent = await connection.ReceiveMessagesAsync(3);
        await connection.SendAckAsync(sent[0].Ref, "e:1");
        await connection.SendErrorAsync(sent[1].Ref, "unavailable");
        await connection.SendMessageAsync("e:1", "a");
        await client.NextAsync<MessageReceived>(); // So it has also received the error.
        var receiving = connection.ReceiveMessagesAsync(3);
        _ = client.SendAsync("d");
        await connection.SendErrorAsync(sent[2].Ref, "unavailable");

        var again = await receiving;

        Assert.Equal(["b", "c", "d"], again.Select(static message => message.Text));
        Assert.Equal(sent[1..], again[..2]);
    }

    [Fact]
    public async Task Rate_limited_messages_are_sent_again_on_new_connections_as_often_as_necessary()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        Task<Ack>[] sending = [client.SendAsync("a"), client.SendAsync("b"), client.SendAsync("c")];
        for (var i = 0; i < 5; i++)
        {
            var connection = await server.WelcomeAsync();
            var refused = await connection.ReceiveMessagesAsync(3);
            await connection.SendErrorAsync(refused[0].Ref, "rate_limited");
            await connection.CloseAsync(1008);
        }

        var last = await server.WelcomeAsync();
        var sent = await last.ReceiveMessagesAsync(3);

        Assert.Equal(["a", "b", "c"], sent.Select(static message => message.Text));
        foreach (var (text, reference) in sent)
            await last.SendAckAsync(reference, $"e:{text[0] - 'a'}");
        Assert.Equal("e:2", (await Task.WhenAll(sending).Soon())[2].Position);
    }

    [Theory]
    [InlineData("malformed")]
    [InlineData("failed")]
    public async Task A_message_that_was_refused_for_good_is_not_sent_again(string code)
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var first = await server.WelcomeAsync();
        var bad = client.SendAsync("bad");
        var good = client.SendAsync("good");
        var sent = await first.ReceiveMessagesAsync(2);
        await first.SendErrorAsync(sent[0].Ref, code);

        Assert.Equal(code, (await Assert.ThrowsAsync<SendFailedException>(() => bad.Soon())).Code);
        first.Abort();

        var second = await server.WelcomeAsync();
        Assert.Equal(sent[1..], await second.ReceiveMessagesAsync(1));
        await second.SendAckAsync(sent[1].Ref, "e:1");
        await good.Soon();
    }

    [Fact]
    public async Task A_message_that_was_sent_too_long_ago_fails()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address, resendWindow: Clients.Moment);
        var first = await server.WelcomeAsync();
        var old = client.SendAsync("old");
        await first.ReceiveMessagesAsync(1);
        await Task.Delay(2 * Clients.Moment);
        first.Abort();

        var second = await server.WelcomeAsync();
        var fresh = client.SendAsync("fresh");

        Assert.Equal("fresh", (await second.ReceiveMessagesAsync(1))[0].Text);
        Assert.Equal(SendFailedException.Unknown, (await Assert.ThrowsAsync<SendFailedException>(() => old.Soon())).Code);
        Assert.False(fresh.IsCompleted);
    }

    [Fact]
    public async Task The_client_opens_a_new_connection_if_the_server_waits_for_a_failed_message()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address, resendWindow: TimeSpan.FromTicks(1));
        var first = await server.WelcomeAsync();
        var old = client.SendAsync("old");
        var sent = await first.ReceiveMessagesAsync(1);
        await first.SendErrorAsync(sent[0].Ref, "unavailable");

        var second = await server.WelcomeAsync();
        _ = client.SendAsync("fresh");

        await Assert.ThrowsAsync<SendFailedException>(() => old.Soon());
        Assert.Equal("fresh", (await second.ReceiveMessagesAsync(1))[0].Text);
    }

    [Fact]
    public async Task A_message_larger_than_the_limit_is_not_sent()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var connection = await server.WelcomeAsync();

        var large = client.SendAsync(new string('x', 1024));
        _ = client.SendAsync("small");

        Assert.Equal(SendFailedException.NotSent, (await Assert.ThrowsAsync<SendFailedException>(() => large.Soon())).Code);
        Assert.Equal("small", (await connection.ReceiveMessagesAsync(1))[0].Text);
    }

    [Fact]
    public async Task Unacknowledged_messages_fail_when_the_client_is_closed()
    {
        await using var server = await ScriptedServer.StartAsync();
        var client = Clients.Start(server.Address);
        var connection = await server.WelcomeAsync();
        var sending = client.SendAsync("a");
        await connection.ReceiveMessagesAsync(1);

        await client.DisposeAsync();

        Assert.Equal(SendFailedException.Unknown, (await Assert.ThrowsAsync<SendFailedException>(() => sending.Soon())).Code);
        Assert.Equal(
            SendFailedException.NotSent, (await Assert.ThrowsAsync<SendFailedException>(() => client.SendAsync("b").Soon())).Code);
    }
}
