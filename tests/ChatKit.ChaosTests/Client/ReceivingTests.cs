using ChatKit.TestKit.Client;

namespace ChatKit.ChaosTests.Client;

public class ReceivingTests
{
    [Fact]
    public async Task A_message_at_a_position_already_received_is_dropped()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var connection = await server.WelcomeAsync();

        await connection.SendMessageAsync("e:9", "nine");
        await connection.SendMessageAsync("e:10", "ten");
        await connection.SendMessageAsync("e:9", "nine");
        await connection.SendMessageAsync("e:10", "ten");
        await connection.SendMessageAsync("e:11", "eleven");

        Assert.Equal(["e:9 nine", "e:10 ten", "e:11 eleven"], await client.NextSeenAsync(3));
        Assert.Equal(2, client.Dropped);
    }

    [Fact]
    public async Task A_message_without_a_position_is_never_a_duplicate()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var connection = await server.WelcomeAsync();

        await connection.SendAsync("""{"at":"2026-11-22T18:00:00Z","data":"bus","room":"lobby","type":"message","new":[1]}""");
        await connection.SendAsync("""{"type":"message","room":"lobby","at":"2026-11-22T18:00:00Z","data":"bus"}""");

        Assert.Equal([" bus", " bus"], await client.NextSeenAsync(2));
    }

    [Fact]
    public async Task The_client_resumes_each_room_after_its_last_message()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var first = await server.WelcomeAsync();
        Assert.Empty(first.After);
        await first.SendMessageAsync("e:1", "one");
        await first.SendMessageAsync("e:2", "two");
        await first.SendAsync("""{"type":"live","room":"a&b ~c","position":":0","recovered":false}""");
        await client.NextAsync<BecameLive>();
        first.Abort();

        var second = await server.WelcomeAsync();

        Assert.Equal(["a&b ~c~:0", "lobby~e:2"], second.After.Order());
    }

    [Fact]
    public async Task A_gap_is_reported_once_together_with_the_next_message()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var first = await server.WelcomeAsync();
        await first.SendMessageAsync("e:1", "one");
        await first.SendAsync("""{"type":"gap","room":"lobby","after":"e:1","next":"e:5","missed":3}""");
        await first.SendAsync("""{"type":"message","at":"2026-11-22T18:00:00Z","data":"for you"}""");
        Assert.Equal(["e:1 one", " for you"], await client.NextSeenAsync(2));
        first.Abort();

        var second = await server.WelcomeAsync();
        Assert.Equal(["lobby~e:1"], second.After);
        await second.SendAsync("""{"type":"gap","room":"lobby","after":"e:1","next":"e:7","missed":5}""");
        await second.SendMessageAsync("e:7", "seven");

        Assert.Equal(["gap e:1 to e:7: 5", "e:7 seven"], await client.NextSeenAsync(2));
    }

    [Fact]
    public async Task A_gap_that_follows_another_one_is_reported_too()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var connection = await server.WelcomeAsync();
        await connection.SendMessageAsync("e:1", "one");
        await connection.SendAsync("""{"type":"gap","room":"lobby","after":"e:1","next":"e:5","missed":3}""");
        await connection.SendAsync("""{"type":"gap","room":"lobby","after":"e:4","next":"e:7","missed":2}""");
        await connection.SendMessageAsync("e:7", "seven");

        Assert.Equal(["e:1 one", "gap e:1 to e:5: 3", "gap e:4 to e:7: 2", "e:7 seven"], await client.NextSeenAsync(4));
    }

    [Fact]
    public async Task A_reset_restarts_the_room()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var connection = await server.WelcomeAsync();
        await connection.SendMessageAsync("e:7", "seven");

        await connection.SendAsync("""{"type":"gap","room":"lobby","after":"e:7","next":"e:6","reset":true}""");
        await connection.SendMessageAsync("e:6", "another six");
        await connection.SendMessageAsync("e:6", "another six");
        await connection.SendMessageAsync("e:7", "another seven");

        Assert.Equal(["e:7 seven", "gap e:7 to e:6: reset", "e:6 another six", "e:7 another seven"], await client.NextSeenAsync(4));
    }

    [Fact]
    public async Task After_a_reset_without_a_message_the_client_resumes_before_the_first()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address);
        var first = await server.WelcomeAsync();
        await first.SendMessageAsync("e:7", "seven");
        await first.SendAsync("""{"type":"gap","room":"lobby","after":"e:7","reset":true}""");
        Assert.Equal(["e:7 seven", "gap e:7 to ?: reset"], await client.NextSeenAsync(2));
        first.Abort();

        var second = await server.WelcomeAsync();

        Assert.Equal(["lobby~:0"], second.After);
        await second.SendMessageAsync("f:1", "one");
        Assert.Equal("f:1 one", await client.NextSeenAsync());
    }

    [Fact]
    public async Task A_slow_application_is_a_slow_reader_and_loses_nothing()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = Clients.Start(server.Address, eventLimit: 2);
        var connection = await server.WelcomeAsync(ping: 0.5);
        for (var i = 1; i <= 10; i++)
            await connection.SendMessageAsync($"e:{i}", $"{i}");

        // This is longer than the time-out of a silent server, which is a second. The client has not read, so the server may not be silent.
        await Task.Delay(TimeSpan.FromSeconds(1.5));

        Assert.Equal(Enumerable.Range(1, 10).Select(static i => $"e:{i} {i}"), await client.NextSeenAsync(10));
        Assert.Equal(ClientState.Connected, client.State);
    }
}
