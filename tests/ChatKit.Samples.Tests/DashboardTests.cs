using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace ChatKit.Samples.Tests;

public sealed partial class DashboardTests(Browser browser)
{
    [Fact]
    public async Task The_page_draws_new_values_and_a_newcomer_has_the_earlier_ones_at_once()
    {
        Requirement.Chromium();
        await using var sample = await Sample.StartAsync("Dashboard");
        var page = await sample.OpenAsync(browser);
        await page.Expect("#state").ToHaveTextAsync("live");
        await Patience.UntilAsync(async () => await CountAsync(page) >= 4, "the page shows four readings");

        var newcomer = await sample.OpenAsync(browser, width: 360);

        await newcomer.Expect(".line").ToHaveCountAsync(3);
        await newcomer.Expect(".range").ToHaveTextAsync([Readings(), Readings(), Readings()]);
        Assert.True(await CountAsync(newcomer) >= 4);
        Assert.True(await newcomer.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
        await page.SaveScreenshotAsync("dashboard.png");
        await newcomer.SaveScreenshotAsync("dashboard-narrow.png");
    }

    private static async Task<int> CountAsync(IPage page)
    {
        var text = await page.Locator(".range").First.TextContentAsync();
        return Readings().Match(text!) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex("· (\\d+) readings")]
    private static partial Regex Readings();
}
