using System.Text.RegularExpressions;

namespace ChatKit.Migration.Tests.Documentation;

/// <summary>The pages that compare ChatKit and lead to it name files, tests and code that exist.</summary>
public sealed partial class PageTests
{
    public static TheoryData<string> Pages => ["comparison.md", "faq.md", "migrate-from-signalr.md", "migrate-from-tornado.md"];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_has_a_target(string page)
    {
        Assert.NotEmpty(Docs.Links(page));
        Assert.Empty(Docs.BrokenLinks(page));
    }

    [Fact]
    public void Every_test_that_the_comparison_names_exists()
    {
        var sources = new TestSources("tests");

        var tests = NamedTest().Matches(Docs.Read("comparison.md"));

        Assert.NotEmpty(tests);
        Assert.All(tests, test => Assert.True(sources.Have(test.Groups[1].Value, test.Groups[2].Value), test.Value));
    }

    [Fact]
    public void Every_source_of_the_comparison_is_listed_and_used()
    {
        var comparison = Docs.Read("comparison.md");
        var used = Footnote().Matches(comparison).Select(note => note.Groups[1].Value).ToHashSet();
        var listed = ListedFootnote().Matches(comparison).Select(note => note.Groups[1].Value).ToList();

        Assert.NotEmpty(listed);
        Assert.Equal(used.Order(), listed.Order());
    }

    /// <summary>The snippets in C# have a test of their own.</summary>
    [Theory]
    [InlineData("migrate-from-signalr.md", "js", "SignalR/wwwroot/chat.js", "SignalR.ChatKit/wwwroot/chat.js")]
    [InlineData("migrate-from-tornado.md", "python", "Tornado/server.py")]
    public void The_snippets_of_a_guide_are_those_of_its_samples(string page, string language, params string[] files)
    {
        var samples = string.Concat(files.Select(file => File.ReadAllText(Path.Combine(Repository.Root, "samples", "Migration", file))));

        var snippets = Docs.Blocks(page, language).ToList();

        Assert.NotEmpty(snippets);
        Assert.All(snippets, snippet => Assert.Contains(snippet, samples));
    }

    [GeneratedRegex(@"`(\w+)\.(\w+_\w+)`")]
    private static partial Regex NamedTest();

    [GeneratedRegex(@"\[\^([\w-]+)\](?!:)")]
    private static partial Regex Footnote();

    [GeneratedRegex(@"^\[\^([\w-]+)\]:", RegexOptions.Multiline)]
    private static partial Regex ListedFootnote();
}
