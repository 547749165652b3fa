using ChatKit.Testing;
using Xunit;

namespace ChatKit.TestKit.Contracts;

/// <summary>Runs the contract of every history. A subclass creates one, and makes a room expire.</summary>
public abstract class MessageHistoryContractTests : MessageHistoryContract
{
    [Theory]
    [MemberData(nameof(CaseNames))]
    public Task The_history_fulfills_its_contract(string caseName) => RunAsync(caseName);
}
