namespace ChatKit.Rooms;

/// <summary>The keys under which a history knows a message. Those of a user, and those of the application, never collide.</summary>
internal static class IdempotencyKey
{
    /// <summary>The user is part of the key, so that nobody can claim what another has sent.</summary>
    public static string OfUser(string? user, string reference, int count) => $"{user?.Length ?? 0}:{user}:{reference}:{count}";

    /// <summary>Begins with a letter, as no key of a user does.</summary>
    public static string OfApplication(string key) => $"app:{key}";
}
