using System.Collections.Concurrent;
using Microsoft.AspNetCore.Identity;

namespace TeamChat;

/// <summary>
/// The users and the rooms that they are in. THIS IS A SAMPLE: the accounts are in memory and their passwords are public. A real application
/// has a user database, limits attempts to sign in, and needs HTTPS; see ASP.NET Core Identity.
/// </summary>
internal sealed class Accounts
{
    private static readonly PasswordHasher<string> Hasher = new();

    // Everyone is in the rooms of "everyone".
    private static readonly Dictionary<string, string[]> Rooms = new()
    {
        ["everyone"] = ["general", "random"],
        ["ann"] = ["engineering", "leads"],
        ["bob"] = ["engineering"],
        ["carla"] = ["leads"],
    };

    // Like a table of users: names, and hashes of passwords. Hashing is slow on purpose, so it waits until somebody signs in.
    private readonly ConcurrentDictionary<string, Lazy<string>> _hashes = new(
        new[] { "ann", "bob", "carla" }.Select(static name => KeyValuePair.Create(name, new Lazy<string>(() => Hasher.HashPassword(name, "demo")))));

    // An unknown name takes as long as a wrong password (except the first time), so that the time doesn't reveal who has an account.
    private readonly Lazy<string> _nobody = new(static () => Hasher.HashPassword("", "nobody"));

    public bool Verify(string name, string password)
    {
        var isKnown = _hashes.TryGetValue(name, out var hash);
        return Hasher.VerifyHashedPassword(name, (hash ?? _nobody).Value, password) != PasswordVerificationResult.Failed && isKnown;
    }

    /// <summary>The rooms of a user, in the order of the list.</summary>
    public static IEnumerable<string> RoomsOf(string user) => Rooms["everyone"].Concat(Rooms.GetValueOrDefault(user, []));

    public static bool MayEnter(string user, string room) => RoomsOf(user).Contains(room);
}
