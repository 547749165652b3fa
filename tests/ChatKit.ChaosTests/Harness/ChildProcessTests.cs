using System.Diagnostics;
using System.Globalization;

namespace ChatKit.ChaosTests.Harness;

public class ChildProcessTests
{
    [Fact]
    public async Task The_children_of_a_process_that_is_killed_end_with_it()
    {
        Requirement.EndOfChildren();
        var said = new TaskCompletionSource<int>();
        var parent = SelfProcess.Start(
            typeof(Parent).Assembly, [Parent.Command], line => said.TrySetResult(int.Parse(line, CultureInfo.InvariantCulture)), Console.Error.WriteLine);
        var child = await said.Task.Soon();
        Assert.True(Parent.IsRunning(child), "The child ended with the thread that started it.");

        await parent.DisposeAsync();

        try
        {
            await Patience.UntilAsync(() => !Parent.IsRunning(child), "the child ends with its parent");
        }
        catch (TimeoutException)
        {
            Process.GetProcessById(child).Kill();
            throw;
        }
    }
}
