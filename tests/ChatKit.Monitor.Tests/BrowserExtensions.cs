using Microsoft.Playwright;

namespace ChatKit.Monitor.Tests;

internal static class BrowserExtensions
{
    /// <summary>Opens the page of a node as an operator. The caller disposes its context.</summary>
    public static async Task<IPage> OpenAsync(
        this Browser browser, MonitoredNode node, string view = "", int width = 1200, ColorScheme scheme = ColorScheme.Light)
    {
        var page = await browser.OpenAsync(new Uri(node.Address, $"/ops/{view}"), new BrowserNewContextOptions
        {
            ViewportSize = new() { Width = width, Height = 800 },
            ColorScheme = scheme,
            Locale = "en-GB",
            ExtraHTTPHeaders = MonitoredNode.OperatorHeaders,
        });
        await Assertions.Expect(page.Locator("#state")).ToHaveAttributeAsync("data-state", "live");
        return page;
    }
}
