using System.Text.Json.Serialization;

namespace ChatKit.AspNetCore.Tests.Http;

[JsonSerializable(typeof(string))]
internal sealed partial class JsonStrings : JsonSerializerContext;
