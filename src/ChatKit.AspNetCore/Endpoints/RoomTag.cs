using Microsoft.Net.Http.Headers;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>Writes the state of a room as an entity tag. An epoch can contain characters that a header can't.</summary>
internal static class RoomTag
{
    public static string Format(string state) => $"\"{Uri.EscapeDataString(state)}\"";

    /// <summary>A weak tag counts too: proxies that compress a response make its tag weak.</summary>
    public static string Parse(EntityTagHeaderValue tag) => Uri.UnescapeDataString(tag.Tag.ToString().Trim('"'));
}
