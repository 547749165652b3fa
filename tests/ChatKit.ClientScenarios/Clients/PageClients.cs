using ChatKit.ClientScenarios.Server;
using ChatRoom.Tests;
using Microsoft.Playwright;

namespace ChatKit.ClientScenarios.Clients;

/// <summary>The browser client in chromium. Each driver has a page of its own.</summary>
internal sealed class PageClients(Browser browser) : DriverPool("chatkit.js in chromium")
{
    private const string Start = """
        async () => {
          const [{ connect }, { Driver }] = await Promise.all([import('/chatkit.js'), import('/driver.js')]);
          window.driver = new Driver(connect, (line) => window.report(line));
        }
        """;

    protected override async Task<Lines> StartAsync()
    {
        var page = await browser.OpenAsync(await ScenarioHost.Origin);
        var lines = new PageLines(page);
        await page.ExposeFunctionAsync<string, bool>("report", lines.Report);
        await page.EvaluateAsync(Start);
        return lines;
    }

    private sealed class PageLines(IPage page) : Lines
    {
        public bool Report(string line)
        {
            Take(line);
            return true;
        }

        public override async ValueTask DisposeAsync() =>
            await page.Context.DisposeAsync().AsTask().WaitAsync(Patience.Limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        protected override Task SendAsync(string line) => page.EvaluateAsync("(line) => driver.handle(line)", line);
    }
}
