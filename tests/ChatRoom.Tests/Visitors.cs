using Microsoft.Playwright;

namespace ChatRoom.Tests;

/// <summary>
/// The visitors of one test, each as if on another computer. Their pages are closed at its end, because an open page keeps trying to
/// connect.
/// </summary>
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
