using System.Reflection;

namespace ChatKit.Testing.Tests.Contracts;

public sealed class CaseListTests
{
    /// <summary>A method that is in no list would never run.</summary>
    [Theory]
    [InlineData("MessageHistoryChecks", 83)]
    [InlineData("BackplaneChecks", 16)]
    public void Every_check_is_a_case_and_has_a_name_of_its_own(string checks, int count)
    {
        var type = typeof(MessageHistoryContract).Assembly.GetType($"ChatKit.Testing.Contracts.{checks}", throwOnError: true)!;
        var methods = type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Select(static method => method.Name)
            .Where(static name => name != "Changes_are_not_supported");
        var names = (checks == "BackplaneChecks" ? BackplaneContract.CaseNames : MessageHistoryContract.CaseNames)
            .Select(static row => Assert.IsType<string>(Assert.Single(row)))
            .ToList();

        Assert.Equal(methods.Order(), names.Select(static name => name.Split('(')[0]).Distinct().Order());
        Assert.Equal(count, names.Distinct().Count());
    }

    [Fact]
    public async Task A_name_that_is_not_a_case_is_refused()
    {
        var exception = await Assert.ThrowsAsync<ArgumentException>(() => new MutantContract(static inner => inner).RunAsync("Pigs_fly"));

        Assert.Contains("Pigs_fly", exception.Message, StringComparison.Ordinal);
    }
}
