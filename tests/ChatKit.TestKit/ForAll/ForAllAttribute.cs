using System.Globalization;
using FsCheck.Xunit;

namespace ChatKit.TestKit.ForAll;

/// <summary>
/// A property that holds for all arguments. It is tried with 100 of them, or as many as the environment variable <see cref="Variable"/>
/// says; what breaks it is made as small as possible, and shown.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ForAllAttribute : PropertyAttribute
{
    public const string Variable = "CHATKIT_TESTS_FOR_ALL";

    private const int Few = 100;

    private static readonly int Tries =
        int.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.None, CultureInfo.InvariantCulture, out var tries) ? tries : Few;

    public ForAllAttribute()
    {
        MaxTest = Tries;
        QuietOnSuccess = true;
        Arbitrary = [typeof(Arbitraries)];
    }
}
