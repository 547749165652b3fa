using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ChatKit.Tests.Fixtures;

/// <summary>What handlers of tests set as the data of their members. Indented, as an application may have it.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(string))]
internal sealed partial class PresenceJson : JsonSerializerContext;
