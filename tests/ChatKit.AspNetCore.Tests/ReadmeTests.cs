using System.Reflection;
using System.Text.RegularExpressions;

namespace ChatKit.AspNetCore.Tests;

public partial class ReadmeTests
{
    private static readonly string Root = typeof(ReadmeTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;

    [Fact]
    public void Every_snippet_is_one_that_the_snippets_project_compiles()
    {
        var compiled = string.Concat(
            Directory.GetFiles(Path.Combine(Root, "tests", "ChatKit.Snippets"), "*.cs").Select(path => Unindented(File.ReadAllText(path))));
        var documents = Directory.GetFiles(Path.Combine(Root, "docs"), "*.md").Append(Path.Combine(Root, "README.md"));

        var snippets = documents.SelectMany(path => Snippet().Matches(File.ReadAllText(path))).Select(match => match.Groups[1].Value).ToList();

        Assert.NotEmpty(snippets);
        Assert.All(snippets, snippet => Assert.Contains(Unindented(snippet), compiled));
    }

    [Fact]
    public void Every_link_leads_somewhere()
    {
        var links = Link().Matches(File.ReadAllText(Path.Combine(Root, "README.md"))).Select(match => match.Groups[1].Value).ToList();

        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.True(Path.Exists(Path.Combine(Root, link)), link));
    }

    private static string Unindented(string code) => Indentation().Replace(code.ReplaceLineEndings("\n"), "").TrimEnd();

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Snippet();

    [GeneratedRegex("\\]\\((?!http)([^)#]+)\\)")]
    private static partial Regex Link();

    [GeneratedRegex("^[ ]+", RegexOptions.Multiline)]
    private static partial Regex Indentation();
}
