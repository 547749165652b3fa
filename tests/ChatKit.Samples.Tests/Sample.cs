using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace ChatKit.Samples.Tests;

/// <summary>A sample as a process, and the pages that its visitors have open, each as if on another computer.</summary>
internal sealed partial class Sample : IAsyncDisposable
{
    private static readonly string Output = typeof(Sample).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(static a => a.Key == "Output").Value!;

    private readonly ServerOutput _output = new(Listens());
    private readonly List<IPage> _pages = [];
    private readonly DotnetProcess _process;

    private Sample(string program, IEnumerable<string> arguments) =>
        _process = DotnetProcess.Start(program, [.. arguments, "--environment", "Development", "--urls", "http://127.0.0.1:0"], _output.Add, _output.Add);

    public Uri Address { get; private set; } = null!;

    /// <summary>The assembly of a sample.</summary>
    public static string ProgramOf(string name) => Path.Combine(Repository.Root, "samples", name, Output, $"{name}.dll");

    /// <summary>Starts a sample as <c>dotnet run</c> does, on any free port, and waits until it listens.</summary>
    public static Task<Sample> StartAsync(string name) =>
        StartAsync(ProgramOf(name), ["--contentRoot", Path.Combine(Repository.Root, "samples", name)]);

    /// <summary>Starts a program of the tutorial, which tests/ChatKit.Snippets has compiled.</summary>
    /// <param name="name">The page, such as <c>Beyond</c>.</param>
    /// <param name="contentRoot">The folder that has a folder <c>wwwroot</c>.</param>
    public static Task<Sample> StartTutorialAsync(string name, string contentRoot)
    {
        var snippets = Path.Combine(Repository.Root, "tests", "ChatKit.Snippets", Output, "ChatKit.Snippets");
        return StartAsync(
            "exec",
            [
                "--depsfile", $"{snippets}.deps.json", "--runtimeconfig", $"{snippets}.runtimeconfig.json",
                Path.Combine(Path.GetDirectoryName(snippets)!, $"Tutorial.{name}.dll"),
                "--contentRoot", contentRoot, "--staticWebAssets", $"{snippets}.staticwebassets.runtime.json",
            ]);
    }

    private static async Task<Sample> StartAsync(string program, string[] arguments)
    {
        var sample = new Sample(program, arguments);
        sample.Address = await sample._output.ListensAsync(sample);
        return sample;
    }

    /// <summary>Opens a page, which is closed with the sample.</summary>
    public async Task<IPage> OpenAsync(Browser browser, int width = 1000, string path = "")
    {
        var page = await browser.OpenAsync(new Uri(Address, path), width);
        _pages.Add(page);
        return page;
    }

    public async ValueTask ClosePagesAsync()
    {
        foreach (var page in _pages)
            await page.Context.DisposeAsync();
        _pages.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await ClosePagesAsync();
        await _process.DisposeAsync();
    }

    [GeneratedRegex("^(?:Open|.*Now listening on:) (http://\\S+)")]
    private static partial Regex Listens();
}
