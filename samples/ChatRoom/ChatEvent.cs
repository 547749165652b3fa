using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace ChatRoom;

/// <summary>What the page is told: a message, who joined or left, or what went wrong.</summary>
internal sealed record ChatEvent(string Type, DateTimeOffset At, string? Id = null, string? From = null, string? Text = null)
{
    private static readonly ChatEventContext Context = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,

        // Letters of every script as they are.
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
    });

    public string ToJson() => JsonSerializer.Serialize(this, Context.ChatEvent);
}

[JsonSerializable(typeof(ChatEvent))]
internal sealed partial class ChatEventContext : JsonSerializerContext;
