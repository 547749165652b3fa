namespace ChatKit.Migration.Tests.Tornado;

public sealed class ChatKitTests(ChatKitTests.App app) : RoomTests(app), IClassFixture<ChatKitTests.App>
{
    /// <summary>The list is what the application on Tornado leaves behind.</summary>
    [Fact]
    public async Task The_messages_of_the_former_application_can_be_imported()
    {
        using var early = await app.ConnectAsync("elsewhere"); // Starts the application, and its Redis.
        foreach (var text in new[] { "one", "two", "three" })
            Assert.NotNull(await app.Redis.TryCallAsync($"RPUSH chat:{NewRoom} {text}"));

        await using (await Sample.StartAsync("TornadoChat", "--redis", app.Redis.Endpoint, "--import", NewRoom))
        {
        }

        using var ann = await app.ConnectAsync(NewRoom);
        Assert.Equal(["one", "two", "three"], new[] { await ReceiveAsync(ann), await ReceiveAsync(ann), await ReceiveAsync(ann) });
    }

    public sealed class App : RoomApp
    {
        private protected override Task<Sample> StartAsync() => Sample.StartAsync("TornadoChat", "--redis", Redis.Endpoint);
    }
}
