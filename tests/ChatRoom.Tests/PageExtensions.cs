using Microsoft.Playwright;

namespace ChatRoom.Tests;

/// <summary>What a person does on the page.</summary>
internal static class PageExtensions
{
    public static async Task JoinAsync(this IPage page, string name, string room)
    {
        await page.Locator("#name").FillAsync(name);
        await page.Locator("#room").FillAsync(room);
        await page.Locator("#join button[type=submit]").ClickAsync();
        await page.ExpectStateAsync("live");
    }

    public static async Task SayAsync(this IPage page, string text)
    {
        await page.Locator("#text").FillAsync(text);
        await page.Locator("#text").PressAsync("Enter");
    }

    /// <summary>Waits until these messages are shown, nothing else, and nothing is on its way.</summary>
    public static async Task ExpectMessagesAsync(this IPage page, params string[] texts)
    {
        await Assertions.Expect(page.Locator("#messages li.message .text")).ToHaveTextAsync(texts);
        await Assertions.Expect(page.Locator("#pending li")).ToHaveCountAsync(0);
    }

    /// <summary>Waits until the page says that it is in a state, such as "reconnecting".</summary>
    public static Task ExpectStateAsync(this IPage page, string state) =>
        Assertions.Expect(page.Locator("#state")).ToHaveAttributeAsync("data-state", state);

    /// <summary>Puts a picture of the page beside the test's results.</summary>
    public static async Task SaveScreenshotAsync(this IPage page, string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "screenshots", name);
        await page.ScreenshotAsync(new() { Path = path });
        TestContext.Current.AddAttachment(name, await File.ReadAllBytesAsync(path), "image/png");
    }
}
