using Microsoft.Playwright;

namespace ChatRoom.Tests;

/// <summary>The actions of a person on the page.</summary>
internal static class PageExtensions
{
    public static async Task JoinAsync(this IPage page, string name, string room)
    {
        await page.Locator("#name").FillAsync(name);
        await page.Locator("#room").FillAsync(room);
        await page.Locator("#join button[type=submit]").ClickAsync();
        await page.ExpectStateAsync("live");
    }

    public static async Task SendTextAsync(this IPage page, string text)
    {
        await page.Locator("#text").FillAsync(text);
        await page.Locator("#text").PressAsync("Enter");
    }

    /// <summary>Waits until exactly these messages are shown and none is pending.</summary>
    public static async Task ExpectMessagesAsync(this IPage page, params string[] texts)
    {
        await Assertions.Expect(page.Locator("#messages li.message .text")).ToHaveTextAsync(texts);
        await Assertions.Expect(page.Locator("#pending li")).ToHaveCountAsync(0);
    }

    /// <summary>Waits until the page shows a state, such as "reconnecting".</summary>
    public static Task ExpectStateAsync(this IPage page, string state) =>
        Assertions.Expect(page.Locator("#state")).ToHaveAttributeAsync("data-state", state);

    /// <summary>Saves a screenshot of the page with the test results.</summary>
    public static async Task SaveScreenshotAsync(this IPage page, string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "screenshots", name);
        await page.ScreenshotAsync(new() { Path = path });
        TestContext.Current.AddAttachment(name, await File.ReadAllBytesAsync(path), "image/png");
    }
}
