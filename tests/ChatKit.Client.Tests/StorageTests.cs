using System.Text;
using ChatKit.Client.Tests.Fixtures;

namespace ChatKit.Client.Tests;

public sealed class StorageTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chatkit-outbox-");
    private ScriptedServer _server = null!;

    private string FileName => Path.Combine(_folder.FullName, "outbox");

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Messages_of_an_earlier_client_are_sent_before_those_of_the_next_one()
    {
        await using (var first = Start())
        {
            var connection = await _server.LiveAsync();
            await first.ConnectAsync().Soon();
            var acknowledged = first.SendAsync("acknowledged");
            await connection.SendAckAsync(await connection.ReceiveAsync("message", "acknowledged"), "e:1");
            await acknowledged.Soon();
            var sent = first.SendAsync("sent");
            await connection.ReceiveAsync("message", "sent");
            await first.DisposeAsync();
            Assert.Equal(ChatErrorCodes.Stored, (await sent.FailsAsync()).Code);
        }

        await using var second = Create();
        await using var events = second.Read();
        _ = second.SendAsync("new");
        var connecting = second.ConnectAsync();
        var next = await _server.LiveAsync();
        await connecting.Soon();
        var reference = await next.ReceiveAsync("message", "sent");
        await next.ReceiveAsync("message", "new");
        await next.SendAckAsync(reference, "e:2");

        var reported = await events.NextAsync<MessageAcknowledged>();
        Assert.Equal((reference, "e:2"), (reported.Ref, reported.Position.ToString()));
        Assert.Equal("new", Assert.Single(second.GetPending()).Text);
    }

    [Fact]
    public async Task A_message_that_an_earlier_client_sent_too_long_ago_is_unknown_and_an_unsent_one_is_sent()
    {
        var storage = new FileOutboxStorage(FileName);
        await storage.LoadAsync(CancellationToken.None);
        await storage.SaveAsync(Message("a", DateTimeOffset.UtcNow.AddMinutes(-5)), CancellationToken.None);
        await storage.SaveAsync(Message("b", null), CancellationToken.None);
        await storage.DisposeAsync();

        await using var client = Start();
        await using var events = client.Read();
        var connection = await _server.WelcomeAsync(""","user":"ann" """);

        await connection.ReceiveAsync("message", "b");
        Assert.Equal((ChatErrorCodes.Unknown, "a"), await events.NextAsync<ErrorReceived>() is var error ? (error.Code, error.Text) : default);
    }

    [Fact]
    public async Task A_message_is_stored_before_it_is_sent()
    {
        await using var client = Start();
        var connection = await _server.WelcomeAsync();
        _ = client.SendAsync("hi");
        await connection.ReceiveAsync("message", "hi");

        var stored = await File.ReadAllTextAsync(FileName);

        Assert.Contains("\"data\":\"hi\"", stored, StringComparison.Ordinal);
        Assert.Contains("\"sentAt\":", stored, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_torn_line_is_ignored_and_later_lines_are_kept()
    {
        var storage = new FileOutboxStorage(FileName);
        await storage.LoadAsync(CancellationToken.None);
        await storage.SaveAsync(Message("a", null), CancellationToken.None);
        await storage.SaveAsync(Message("b", null), CancellationToken.None);
        await storage.DisposeAsync();
        var bytes = await File.ReadAllBytesAsync(FileName);

        await File.WriteAllBytesAsync(FileName, bytes[..^7]);
        Assert.Equal(["a"], await LoadAsync());
        await File.WriteAllBytesAsync(FileName, [.. Encoding.UTF8.GetBytes("{\"ref\":\n"), .. bytes]);
        Assert.Equal(["a", "b"], await LoadAsync());
    }

    [Fact]
    public async Task The_file_does_not_grow_with_what_was_acknowledged()
    {
        await using var storage = new FileOutboxStorage(FileName);
        await storage.LoadAsync(CancellationToken.None);
        await storage.SaveAsync(Message("kept", null), CancellationToken.None);
        for (var i = 0; i < 2_000; i++)
        {
            await storage.SaveAsync(Message($"{i}", null), CancellationToken.None);
            await storage.SaveAsync(Message($"{i}", DateTimeOffset.UnixEpoch), CancellationToken.None);
            await storage.RemoveAsync($"{i}", CancellationToken.None);
        }

        Assert.InRange(new FileInfo(FileName).Length, 1, 100_000);
        await storage.RemoveAsync("kept", CancellationToken.None);
        Assert.Equal(0, new FileInfo(FileName).Length);
    }

    [Fact]
    public async Task A_file_that_is_in_use_is_refused()
    {
        await using var storage = new FileOutboxStorage(FileName);
        await storage.LoadAsync(CancellationToken.None);
        await using var client = Create();

        var failure = await Assert.ThrowsAsync<IOException>(() => client.ConnectAsync().Soon());

        Assert.Contains("another process", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => client.SendAsync("hi").Soon());
        Assert.Empty(client.GetPending());
    }

    [Fact]
    public async Task Messages_that_exceed_what_may_be_pending_are_not_stored()
    {
        await using (var client = Create(static options => options.MaxPendingMessages = 1))
        {
            _ = client.SendAsync("a");
            await client.SendAsync("b").FailsAsync();
        }

        Assert.Single(await LoadAsync());
    }

    private async Task<string[]> LoadAsync()
    {
        await using var storage = new FileOutboxStorage(FileName);
        var messages = await storage.LoadAsync(CancellationToken.None);
        return [.. messages.Select(static message => message.Ref)];
    }

    private static StoredMessage Message(string reference, DateTimeOffset? sentAt) => new(
        reference,
        Encoding.UTF8.GetBytes($$"""{"type":"message","ref":"{{reference}}","data":"{{reference}}"}"""),
        sentAt is null ? null : "ann",
        sentAt);

    private ChatClient Create(Action<ChatClientOptions>? configure = null) => Clients.Create(_server.Address, options =>
    {
        options.Storage = new FileOutboxStorage(FileName);
        configure?.Invoke(options);
    });

    private ChatClient Start()
    {
        var client = Create();
        _ = client.ConnectAsync().ContinueWith(static failed => failed.Exception, TaskScheduler.Default);
        return client;
    }
}
