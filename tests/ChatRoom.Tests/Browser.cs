using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(ChatRoom.Tests.Browser))]

namespace ChatRoom.Tests;

/// <summary>The chromium of this machine, without a window. Each person has a context of their own, as if on another computer.</summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>
    /// What no test here needs, and each page of each test would pay for with processes of its own: a renderer kept ready for a page that
    /// is never opened, and one more for each part of the window, which nobody sees, that is itself a page. The names differ from version
    /// to version; those that chromium does not know do no harm.
    /// </summary>
    private static readonly string[] NotNeeded =
    [
        "SpareRendererForSitePerProcess", "PreloadTopChromeWebUI", "PrewarmWebUIContents", "InitialWebUI", "WebUIReloadButton", "WebUIToolbar",
        "WebUILocationBar", "WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup",
    ];

    /// <summary>What Playwright switches off that matters here: chromium heeds only the last list that it is given.</summary>
    private static readonly string[] NotNeededByPlaywright =
    [
        "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "GlobalMediaControls", "HttpsUpgrades", "MediaRouter",
        "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "ThirdPartyStoragePartitioning", "Translate",
    ];

    // Chromium's own sandbox cannot be had as root, where continuous integration runs; the pages are ours. The rest keeps it from
    // calling home.
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", $"--disable-features={string.Join(',', NotNeededByPlaywright.Concat(NotNeeded))}",
    ];

    private readonly SemaphoreSlim _launching = new(1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Opens a page. Whoever asks for it disposes of its context.</summary>
    internal async Task<IPage> OpenAsync(Uri address, int width = 900)
    {
        var browser = await LaunchAsync();
        var context = await browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = 640 } });
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
