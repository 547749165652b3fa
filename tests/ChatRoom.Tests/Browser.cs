using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(ChatRoom.Tests.Browser))]

namespace ChatRoom.Tests;

/// <summary>The chromium of this machine, without a window. Each person has a context of their own, as if on another computer.</summary>
public sealed class Browser : IAsyncLifetime
{
    // Chromium's own sandbox cannot be had as root, where continuous integration runs; the pages are ours. The rest keeps it from
    // calling home.
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    private readonly SemaphoreSlim _launching = new(1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Opens the page and joins a room.</summary>
    internal async Task<IPage> JoinAsync(ChatRoomProcess chatRoom, string name, string room, int width = 900)
    {
        var page = await OpenAsync(chatRoom.Address, width);
        await page.JoinAsync(name, room);
        return page;
    }

    /// <summary>Opens a page.</summary>
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
