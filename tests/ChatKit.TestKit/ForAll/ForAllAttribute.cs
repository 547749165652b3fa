using System.Globalization;
using FsCheck.Xunit;

namespace ChatKit.TestKit.ForAll;

/// <summary>
/// A property that holds for all arguments. It runs with 100 of them, or with the number in the environment variable
/// <see cref="Variable"/>. A counterexample is shrunk and shown.
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
