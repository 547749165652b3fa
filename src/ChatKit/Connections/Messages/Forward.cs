using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatKit.Connections.Messages;

/// <summary>A post on its way from the node that has received it to the node that has the connection, or the answer to it.</summary>
/// <param name="Id">Identifies the post among those of <paramref name="ReplyTo"/>.</param>
/// <param name="ReplyTo">The node that has received the post; null for an answer.</param>
/// <param name="Result">The answer.</param>
/// <param name="Token">The token that the client has sent.</param>
/// <param name="User">The user who has sent the post; null if the user is anonymous.</param>
/// <param name="Number">The post's number; null if it has none.</param>
/// <param name="Body">The frames, as the client has sent them.</param>
internal sealed record Forward(
    long Id,
    string? ReplyTo = null,
    PostResult Result = default,
    string? Token = null,
    string? User = null,
    long? Number = null,
    byte[]? Body = null)
{
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, ForwardContext.Default.Forward);

    /// <summary>Decodes an announcement. Returns null if it isn't one of these.</summary>
    public static Forward? Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, ForwardContext.Default.Forward);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Forward))]
internal sealed partial class ForwardContext : JsonSerializerContext;
