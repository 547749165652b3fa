using System.Text.Json.Serialization;

namespace ChatKit.Monitor.Reports;

/// <summary>How nodes write what they send to each other, and to the page.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(Question))]
[JsonSerializable(typeof(Answer))]
[JsonSerializable(typeof(Overview))]
[JsonSerializable(typeof(RoomView))]
[JsonSerializable(typeof(Outcome))]
[JsonSerializable(typeof(CloseCommand))]
[JsonSerializable(typeof(DisconnectCommand))]
[JsonSerializable(typeof(DeleteCommand))]
internal sealed partial class ReportJson : JsonSerializerContext;
