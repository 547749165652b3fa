using System.Text.RegularExpressions;

namespace ChatKit.Migration.Tests.Documentation;

/// <summary>The pages that compare ChatKit and lead to it name files, tests and code that exist.</summary>
public sealed partial class PageTests
{
    private static readonly string Docs = Path.Combine(Repository.Root, "docs");

    public static TheoryData<string> Pages => ["comparison.md", "faq.md", "migrate-from-signalr.md", "migrate-from-tornado.md"];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_has_a_target(string page)
    {
        var links = Link().Matches(File.ReadAllText(Path.Combine(Docs, page)));

        Assert.NotEmpty(links);
        Assert.All(links, link =>
        {
            var path = Path.Combine(Docs, link.Groups[1].Value is { Length: > 0 } other ? other : page);
            Assert.True(Path.Exists(path), link.Value);
            if (link.Groups[2].Value is { Length: > 0 } anchor)
                Assert.Contains(anchor, Anchors(File.ReadAllText(path)));
        });
    }

    [Fact]
    public void Every_test_that_the_comparison_names_exists()
    {
        var sources = Directory.GetFiles(Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();

        var tests = NamedTest().Matches(File.ReadAllText(Path.Combine(Docs, "comparison.md")));

        Assert.NotEmpty(tests);
        Assert.All(tests, test => Assert.Contains(sources, source =>
            Regex.IsMatch(source, $@"\bclass {test.Groups[1].Value}\b") && source.Contains($" {test.Groups[2].Value}(", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_source_of_the_comparison_is_listed_and_used()
    {
        var comparison = File.ReadAllText(Path.Combine(Docs, "comparison.md"));
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

        var snippets = Snippet().Matches(File.ReadAllText(Path.Combine(Docs, page))).Where(snippet => snippet.Groups[1].Value == language).ToList();

        Assert.NotEmpty(snippets);
        Assert.All(snippets, snippet => Assert.Contains(snippet.Groups[2].Value, samples));
    }

    /// <summary>The anchors of a page, as GitHub makes them of its headings.</summary>
    private static IEnumerable<string> Anchors(string page)
    {
        var seen = new Dictionary<string, int>();
        foreach (Match heading in Heading().Matches(Code().Replace(page, "")))
        {
            var anchor = string.Concat(heading.Groups[1].Value.Trim().ToLowerInvariant()
                .Where(static c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');
            var count = seen[anchor] = seen.GetValueOrDefault(anchor) + 1;
            yield return count == 1 ? anchor : $"{anchor}-{count - 1}";
        }
    }

    [GeneratedRegex(@"\]\((?!http)([^)#\s]*)(?:#([^)]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`(\w+)\.(\w+_\w+)`")]
    private static partial Regex NamedTest();

    [GeneratedRegex(@"\[\^([\w-]+)\](?!:)")]
    private static partial Regex Footnote();

    [GeneratedRegex(@"^\[\^([\w-]+)\]:", RegexOptions.Multiline)]
    private static partial Regex ListedFootnote();

    [GeneratedRegex("```(\\w+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Snippet();

    [GeneratedRegex("^```.*?^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Code();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
