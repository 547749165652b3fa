namespace ChatKit.StressTests.Storms;

/// <summary>Runs all storms, or one, each on its own servers, and prints a table.</summary>
internal static class StormSeries
{
    /// <summary>Returns whether all checks passed.</summary>
    /// <param name="only">The name of the only storm; null for all.</param>
    /// <param name="options">The size of the storms.</param>
    public static async Task<bool> RunAsync(string? only, StormOptions options)
    {
        Console.WriteLine($"| {string.Join(" | ", StormResult.Header)} |");
        Console.WriteLine($"|{string.Concat(StormResult.Header.Select(static (_, i) => i == 0 ? "---|" : "--:|"))}");
        var isRight = true;
        foreach (var storm in StormCatalog.Create(options).Where(storm => only is null || storm.Name == only))
        {
            var result = await StormRun.RunAsync(storm, options);
            Console.WriteLine($"| {string.Join(" | ", result.Row)} |");
            foreach (var problem in result.Problems.Concat(result.Excesses))
            {
                isRight = false;
                Console.WriteLine($"  {storm.Name}: {problem}");
            }
        }

        return isRight;
    }
}
