using System.Text.RegularExpressions;

namespace ChatKit.Samples.Tests;

public sealed partial class TutorialTests(Browser browser)
{
    [Fact]
    public async Task Two_tabs_chat_and_a_third_one_receives_what_it_missed()
    {
        Requirement.Chromium();
        await using var sample = await Sample.StartAsync("Tutorial");
        var ann = await sample.OpenAsync(browser);
        var bob = await sample.OpenAsync(browser);
        await ann.Expect("li").ToHaveTextAsync(["(connected)"]);
        await bob.Expect("li").ToHaveTextAsync(["(connected)"]);

        await ann.SendTextAsync("hello");
        await bob.Expect("li").ToHaveTextAsync(["(connected)", "hello"]);
        await bob.SendTextAsync("hello, too");
        await ann.Expect("li").ToHaveTextAsync(["(connected)", "hello", "hello, too"]);

        var late = await sample.OpenAsync(browser);
        await late.Expect("li").ToHaveTextAsync(["(connected)", "hello", "hello, too"]);
    }

    [Fact]
    public async Task In_the_last_step_users_chat_in_rooms()
    {
        Requirement.Chromium();
        var folder = Directory.CreateTempSubdirectory("chatkit-tutorial-");
        try
        {
            folder.CreateSubdirectory("wwwroot");
            var page = Path.Combine(folder.FullName, "wwwroot", "index.html");
            await System.IO.File.WriteAllTextAsync(page, LastFile("beyond.md", "wwwroot/index.html"));
            await using var sample = await Sample.StartTutorialAsync("Beyond", folder.FullName);
            var ann = await sample.OpenAsync(browser, path: "?name=ann");
            var bob = await sample.OpenAsync(browser, path: "?name=bob");
            await ann.Expect("#state").ToHaveTextAsync("lobby: ann, bob");

            await ann.SendTextAsync("hello");
            await bob.Expect("li").ToHaveTextAsync(["ann: hello"]);
            await bob.GotoAsync(new Uri(sample.Address, "?name=bob&room=staff").AbsoluteUri);
            await bob.Expect("#state").ToHaveTextAsync("staff: reconnecting (not allowed in this room)");
            await ann.GotoAsync(new Uri(sample.Address, "?name=ann&room=staff").AbsoluteUri);
            await ann.Expect("#state").ToHaveTextAsync("staff: ann");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The sample is what a reader has after the third step.</summary>
    [Fact]
    public void The_sample_is_what_the_tutorial_shows()
    {
        Assert.Equal(Read("samples", "Tutorial", "Program.cs"), LastFile("history.md", "Program.cs"));
        Assert.Equal(Read("samples", "Tutorial", "wwwroot", "index.html"), LastFile("echo.md", "wwwroot/index.html"));
    }

    private static string LastFile(string page, string name) => File().Matches(Read("docs", "tutorial", page))
        .Last(match => match.Groups[1].Value == name).Groups[2].Value;

    private static string Read(params string[] path) => System.IO.File.ReadAllText(Path.Combine([Repository.Root, .. path])).ReplaceLineEndings("\n");

    [GeneratedRegex("`([^`\n]+)`:\n\n```\\w+\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex File();
}
