using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(ChatKit.Monitor.Tests.Browser))]

namespace ChatKit.Monitor.Tests;

/// <summary>The chromium of this machine, headless, used by an operator.</summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>Features that no test needs, but that cost extra processes for each page, or background network requests.</summary>
    private static readonly string[] NotNeeded =
    [
        "SpareRendererForSitePerProcess", "PreloadTopChromeWebUI", "PrewarmWebUIContents", "InitialWebUI", "WebUIReloadButton", "WebUIToolbar",
        "WebUILocationBar", "WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup", "HttpsUpgrades", "MediaRouter", "OptimizationHints",
        "PaintHolding", "Translate",
    ];

    // Chromium's sandbox does not work as root, which continuous integration uses, and all pages are our own.
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        $"--disable-features={string.Join(',', NotNeeded)}",
    ];

    private readonly SemaphoreSlim _launching = new(1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Opens the page of a node. The caller disposes its context.</summary>
    internal async Task<IPage> OpenAsync(MonitoredNode node, string view = "", int width = 1200, ColorScheme scheme = ColorScheme.Light)
    {
        var browser = await LaunchAsync();
        var context = await browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = 800 },
            ColorScheme = scheme,
            Locale = "en-GB",
            ExtraHTTPHeaders = MonitoredNode.OperatorHeaders,
        });
        context.SetDefaultTimeout((float)Patience.Limit.TotalMilliseconds);
        Assertions.SetDefaultExpectTimeout((float)Patience.Limit.TotalMilliseconds);
        var page = await context.NewPageAsync();
        await page.GotoAsync(new Uri(node.Address, $"/ops/{view}").ToString());
        await Assertions.Expect(page.Locator("#state")).ToHaveAttributeAsync("data-state", "live");
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        _launching.Dispose();
    }

    private async Task<IBrowser> LaunchAsync()
    {
        var chromium = Requirement.Chromium();
        await _launching.WaitAsync();
        try
        {
            _playwright ??= await Playwright.CreateAsync();
            return _browser ??= await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = chromium, Args = Arguments });
        }
        finally
        {
            _launching.Release();
        }
    }
}
