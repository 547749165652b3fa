using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(ChatRoom.Tests.Browser))]

namespace ChatRoom.Tests;

/// <summary>The chromium of this machine, headless. Each person has a separate context, as if on another computer.</summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>
    /// Features that no test needs, but that cost extra processes for each page: a spare renderer for a page that is never opened, and one for
    /// each part of the invisible window that is itself a page. The names differ between versions, and chromium ignores unknown ones.
    /// </summary>
    private static readonly string[] NotNeeded =
    [
        "SpareRendererForSitePerProcess", "PreloadTopChromeWebUI", "PrewarmWebUIContents", "InitialWebUI", "WebUIReloadButton", "WebUIToolbar",
        "WebUILocationBar", "WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup",
    ];

    /// <summary>The relevant features that Playwright disables, because chromium only uses the last list of features.</summary>
    private static readonly string[] NotNeededByPlaywright =
    [
        "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "GlobalMediaControls", "HttpsUpgrades", "MediaRouter",
        "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "ThirdPartyStoragePartitioning", "Translate",
    ];

    // Chromium's sandbox does not work as root, which continuous integration uses, and all pages are our own. The other options prevent
    // background network requests.
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", $"--disable-features={string.Join(',', NotNeededByPlaywright.Concat(NotNeeded))}",
    ];

    private readonly SemaphoreSlim _launching = new(1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Opens a page. The caller disposes its context.</summary>
    internal Task<IPage> OpenAsync(Uri address, int width = 900) =>
        OpenAsync(address, new BrowserNewContextOptions { ViewportSize = new() { Width = width, Height = 640 } });

    /// <summary>Opens a page in a context of its own. The caller disposes the context.</summary>
    internal async Task<IPage> OpenAsync(Uri address, BrowserNewContextOptions options)
    {
        var browser = await LaunchAsync();
        var context = await browser.NewContextAsync(options);
        context.SetDefaultTimeout((float)Patience.Limit.TotalMilliseconds);
        Assertions.SetDefaultExpectTimeout((float)Patience.Limit.TotalMilliseconds);
        var page = await context.NewPageAsync();
        await page.GotoAsync(address.ToString());
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
