using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dashboard;

/// <summary>What the sensors measure at one moment, in °C, % and W.</summary>
internal sealed record Reading(double Temperature, double Humidity, double Power);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Reading))]
internal sealed partial class ReadingJson : JsonSerializerContext;
