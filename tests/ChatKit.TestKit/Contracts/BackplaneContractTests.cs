using ChatKit.Testing;
using Xunit;

namespace ChatKit.TestKit.Contracts;

/// <summary>Runs the contract of every backplane. A subclass creates the nodes that it connects, all with one history.</summary>
public abstract class BackplaneContractTests : BackplaneContract
{
    [Theory]
    [MemberData(nameof(CaseNames))]
    public Task The_backplane_fulfills_its_contract(string caseName) => RunAsync(caseName);
}
