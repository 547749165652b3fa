using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ChatKit.Tests.Fixtures;
using Moq;

namespace ChatKit.Tests;

/// <summary>Handlers whose clients send and receive JSON.</summary>
public sealed partial class JsonWebSocketHandlerTests : IAsyncDisposable
{
    private readonly ChatHost _host = new();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_is_read_and_the_answer_is_written_as_its_type(bool isJson)
    {
        var client = await EnterV1Async();
        var plain = _host.Connect(static _ => new Board());

        await client.SendAsync(isJson
            ? """{"type":"message","json":{"kind":"text","text":"hi"}}"""
            : """{"type":"message","data":"{\"kind\":\"text\",\"text\":\"hi\"}"}""");

        Assert.Equal("""{"kind":"text","text":"lobby: hi"}""", (await client.ReceiveJsonAsync())["json"]!.ToJsonString());
        Assert.Equal("""{"kind":"text","text":"lobby: hi"}""", await plain.Client.ReceiveTextAsync());
        await plain.Client.SendAsync("""{"kind":"poll","question":"?","options":["a","b"]}""");
        Assert.Equal("poll", (string?)(await client.ReceiveJsonAsync())["json"]!["kind"]);
    }

    [Theory]
    [InlineData("""{"type":"message","ref":"r","json":{"kind":"video"}}""", "invalid_message")]
    [InlineData("""{"type":"message","ref":"r","json":{}}""", "invalid_message")]
    [InlineData("""{"type":"message","ref":"r","json":null}""", "invalid_message")]
    [InlineData("""{"type":"message","ref":"r","json":{"kind":"text","text":"\ud800"}}""", "invalid_message")]
    [InlineData("""{"type":"message","ref":"r","json":{"kind":"poll","question":"?","options":7}}""", "invalid_message")]
    [InlineData("""{"type":"message","ref":"r","data":"hi"}""", "invalid_message")]
    [InlineData("""{"type":"message","ref":"r","base64":"e30="}""", "invalid_message")]
    [InlineData("""{"type":"message","ref":"r","json":{"kind":"poll","question":"?","options":["only one"]}}""", "too_few_options")]
    public async Task What_cannot_be_read_is_refused_and_the_connection_goes_on(string frame, string code)
    {
        var client = await EnterV1Async();

        await client.SendAsync(frame);

        var error = await client.ReceiveJsonAsync();
        Assert.Equal(("error", code, "r"), ((string?)error["type"], (string?)error["code"], (string?)error["ref"]));
        await client.SendAsync("""{"type":"message","json":{"kind":"text","text":"hi"}}""");
        Assert.NotNull((await client.ReceiveJsonAsync())["json"]);
    }

    [Fact]
    public async Task A_plain_client_whose_message_cannot_be_read_receives_nothing_and_stays_connected()
    {
        var plain = _host.Connect(static _ => new Board());

        await plain.Client.SendAsync("hi");
        await plain.Client.SendAsync("""{"kind":"text","text":"hi"}""");

        Assert.Equal("""{"kind":"text","text":"lobby: hi"}""", await plain.Client.ReceiveTextAsync());
        Assert.Contains(_host.Logs.GetSnapshot(), static line => line.Id.Id == 107);
    }

    [Fact]
    public async Task A_message_to_the_client_alone_and_an_edit_are_JSON()
    {
        var client = await EnterV1Async();
        await client.SendAsync("""{"type":"message","json":{"kind":"text","text":"hi"}}""");
        var position = (string?)(await client.ReceiveJsonAsync())["position"];

        await client.SendAsync($$"""{"type":"edit","json":{"kind":"text","text":"bye"},"position":"{{position}}"}""");
        Assert.Equal("lobby: bye", (string?)(await client.ReceiveJsonUntilAsync("change"))[^1]["json"]!["text"]);
        await client.SendAsync($$"""{"type":"edit","json":{"kind":"video"},"position":"{{position}}"}""");
        Assert.Equal("invalid_message", (string?)(await client.ReceiveJsonAsync())["code"]);

        await client.SendAsync("""{"type":"message","json":{"kind":"image","url":"https://example.com/cat.png"}}""");
        var direct = await client.ReceiveJsonAsync();
        Assert.Equal((null, "image"), ((string?)direct["room"], (string?)direct["json"]!["kind"]));
    }

    [Fact]
    public async Task A_handler_can_be_tested_with_a_mock()
    {
        var connection = new Mock<WebSocketConnection>();
        connection.Setup(static c => c.Room).Returns("lobby");
        var driver = new WebSocketHandlerDriver(new Board(), connection.Object);

        await driver.ReceiveAsync(new WebSocketMessage("""{"kind":"text","text":"hi"}"""));
        await Assert.ThrowsAsync<MessageRefusedException>(async () => await driver.ReceiveAsync(new WebSocketMessage("{}")));

        connection.Verify(
            static c => c.BroadcastAsync("""{"kind":"text","text":"lobby: hi"}""", It.Is<BroadcastOptions>(static o => o.IsJson == true), default),
            Times.Once);
    }

    private async Task<TestClient> EnterV1Async()
    {
        var connection = _host.Connect(
            static _ => new Board(), info: static abort => new() { Room = "lobby", Abort = abort, Subprotocol = ChatKitSubprotocol.V1 });
        await connection.Client.ReceiveJsonUntilAsync("live");
        return connection.Client;
    }

    [JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
    [JsonDerivedType(typeof(TextPost), "text")]
    [JsonDerivedType(typeof(ImagePost), "image")]
    [JsonDerivedType(typeof(Poll), "poll")]
    internal abstract record Post;

    internal sealed record TextPost(string Text) : Post;

    internal sealed record ImagePost(Uri Url) : Post;

    internal sealed record Poll(string Question, string[] Options) : Post;

    [JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
    [JsonSerializable(typeof(Post))]
    private sealed partial class BoardJson : JsonSerializerContext;

    private sealed class Board() : JsonWebSocketHandler<Post, Post>(BoardJson.Default.Post, BoardJson.Default.Post)
    {
        protected override ValueTask OnMessageAsync(Post message, WebSocketMessage raw) => message switch
        {
            Poll { Options.Length: < 2 } => throw new MessageRefusedException("too_few_options", "A poll has at least two options."),
            ImagePost => SendAsync(message),
            _ => BroadcastAsync(With(message, raw.Room)),
        };

        protected internal override async ValueTask OnEditAsync(EditRequest request) =>
            await EditAsync(request.Position, With(Read(request.Message), request.Room));

        private static Post With(Post post, string room) => post is TextPost text ? new TextPost($"{room}: {text.Text}") : post;
    }
}
