using ChatRoom.Tests;
using Microsoft.Playwright;

namespace ChatKit.ClientScenarios.Clients;

/// <summary>The browser client in chromium. Each scenario has a page of its own.</summary>
internal sealed class PageClients(Browser browser) : IClients
{
    private const string Start = """
        async () => {
          const [{ connect }, { Driver }] = await Promise.all([import('/chatkit.js'), import('/driver.js')]);
          window.driver = new Driver(connect, (line) => window.report(line));
        }
        """;

    public string Name => "chatkit.js in chromium";

    public async Task<Lines> OpenAsync(Uri server)
    {
        var page = await browser.OpenAsync(server);
        var lines = new PageLines(page);
        await page.ExposeFunctionAsync<string, bool>("report", lines.Report);
        await page.EvaluateAsync(Start);
        return lines;
    }

    public Task ReleaseAsync(Lines lines) => lines.DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class PageLines(IPage page) : Lines
    {
        public bool Report(string line)
        {
            if (!IsReady(line))
                Take(line);
            return true;
        }

        public override Task WriteAsync(string line) => page.EvaluateAsync("(line) => driver.handle(line)", line);

        public override async ValueTask DisposeAsync() =>
            await page.Context.DisposeAsync().AsTask().WaitAsync(Patience.Limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
