using Microsoft.Playwright;

namespace ChatRoom.Tests;

/// <summary>Those who open pages in one test, each as if on another computer. They leave at its end: a page left open goes on trying to reach its server.</summary>
internal sealed class Visitors(Browser browser) : IAsyncDisposable
{
    private readonly List<IPage> _pages = [];

    /// <summary>Opens the page and joins a room.</summary>
    public async Task<IPage> JoinAsync(ChatRoomProcess chatRoom, string name, string room, int width = 900)
    {
        var page = await OpenAsync(chatRoom.Address, width);
        await page.JoinAsync(name, room);
        return page;
    }

    /// <summary>Opens a page.</summary>
    public async Task<IPage> OpenAsync(Uri address, int width = 900)
    {
        var page = await browser.OpenAsync(address, width);
        _pages.Add(page);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var page in _pages)
            await page.Context.DisposeAsync();
    }
}
