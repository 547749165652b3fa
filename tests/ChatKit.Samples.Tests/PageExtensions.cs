using Microsoft.Playwright;

namespace ChatKit.Samples.Tests;

internal static class PageExtensions
{
    public static ILocatorAssertions Expect(this IPage page, string selector) => Assertions.Expect(page.Locator(selector));

    /// <summary>Writes a message and sends it.</summary>
    public static async Task SendTextAsync(this IPage page, string text)
    {
        await page.GetByLabel("Message", new() { Exact = true }).FillAsync(text);
        await page.GetByLabel("Message", new() { Exact = true }).PressAsync("Enter");
    }

    /// <summary>Saves a screenshot with the test results.</summary>
    public static Task SaveScreenshotAsync(this IPage page, string name) =>
        page.ScreenshotAsync(new() { Path = Path.Combine(AppContext.BaseDirectory, "screenshots", name) });
}
