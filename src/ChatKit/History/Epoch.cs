using System.Security.Cryptography;

namespace ChatKit.History;

/// <summary>Creates the names of streams. They are random, so two streams of a room never share a name.</summary>
internal static class Epoch
{
    private const int Length = 10;

    public static string Create() => RandomNumberGenerator.GetHexString(Length, lowercase: true);
}
