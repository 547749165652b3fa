using System.Security.Cryptography;

namespace ChatKit.History;

/// <summary>Names of streams. Random, so that two streams of one room never share a name.</summary>
internal static class Epoch
{
    private const int Length = 10;

    public static string Create() => RandomNumberGenerator.GetHexString(Length, lowercase: true);
}
