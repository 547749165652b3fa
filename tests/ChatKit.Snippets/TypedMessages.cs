using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatKit.Snippets;

[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TextPost), "text")]
[JsonDerivedType(typeof(ImagePost), "image")]
[JsonDerivedType(typeof(PollPost), "poll")]
public abstract record Post;

public sealed record TextPost(string Text) : Post;

public sealed record ImagePost(Uri Url, string Alt) : Post;

public sealed record PollPost(string Question, string[] Options) : Post;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Post))]
public sealed partial class PostJson : JsonSerializerContext;

public sealed class Board() : JsonWebSocketHandler<Post, Post>(PostJson.Default.Post, PostJson.Default.Post)
{
    protected override ValueTask OnMessageAsync(Post post, WebSocketMessage raw) => post switch
    {
        PollPost { Options.Length: < 2 } => throw new MessageRefusedException("too_few_options", "A poll has at least two options."),
        ImagePost { Url: not { IsAbsoluteUri: true, Scheme: "https" } } =>
            throw new MessageRefusedException("not_https", "An image must have an https address."),
        _ => BroadcastAsync(post),
    };
}

internal static class JsonOfTheApplication
{
    public static async Task WelcomeAsync(IRoomBroadcaster rooms)
    {
        await rooms.BroadcastAsync("lobby", """{"kind":"text","text":"Welcome!"}""", new RoomBroadcastOptions { IsJson = true });
    }
}
