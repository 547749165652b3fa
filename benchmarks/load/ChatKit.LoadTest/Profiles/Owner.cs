namespace ChatKit.LoadTest.Profiles;

/// <summary>Which part of a server an object belongs to, by names that occur in its type.</summary>
internal static class Owner
{
    private const string Other = "runtime and base library";

    /// <summary>The first match counts: a state machine's box, for example, belongs to what is in its type's arguments.</summary>
    private static readonly (string Part, string Name)[] Parts =
    [
        ("ChatKit.", "ChatKit"),
        ("Server.Kestrel.Transport", "Kestrel's sockets"),
        ("Server.Kestrel", "Kestrel's HTTP"),
        ("Microsoft.AspNetCore", "ASP.NET Core above Kestrel"),
        ("Microsoft.Extensions", "ASP.NET Core above Kestrel"),
        ("System.Net.Sockets", "sockets and pipes"),
        ("System.IO.Pipelines", "sockets and pipes"),
    ];

    public static string Of(string type) =>
        Parts.FirstOrDefault(part => type.Contains(part.Part, StringComparison.Ordinal)).Name ?? Other;
}
