using System.Text.Json;

namespace ChatKit.Rooms.Presence;

/// <summary>A member of a room, and its data.</summary>
/// <param name="Id">A user's ID, or the ID of a connection without a user.</param>
/// <param name="Json">The data, as JSON without line feeds; null if the member has none.</param>
internal readonly record struct MemberData(string Id, string? Json = null)
{
    public static implicit operator MemberData(string id) => new(id);

    public PresentMember ToPublic()
    {
        if (Json is null)
            return new PresentMember(Id, null);
        using var document = JsonDocument.Parse(Json);
        return new PresentMember(Id, document.RootElement.Clone());
    }
}
