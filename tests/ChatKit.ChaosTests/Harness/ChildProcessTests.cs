using System.Diagnostics;
using System.Globalization;

namespace ChatKit.ChaosTests.Harness;

public class ChildProcessTests
{
    [Fact]
    public async Task The_children_of_a_process_that_is_killed_end_with_it()
    {
        Requirement.EndOfChildren();
        var parent = DotnetProcess.Start(typeof(Parent).Assembly, [Parent.Command], onOutput: null, Console.Error.WriteLine);
        var child = int.Parse(await parent.ReadLineAsync(), CultureInfo.InvariantCulture);
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
