using System.Text.RegularExpressions;

namespace ChatKit.AspNetCore.Tests;

public partial class ReadmeTests
{
    [Fact]
    public void Every_snippet_is_compiled()
    {
        string[] folders = [Path.Combine("tests", "ChatKit.Snippets"), Path.Combine("tests", "ChatKit.Testing.Tests", "Documentation"), "samples"];
        var compiled = string.Concat(folders
            .SelectMany(static folder => Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(static path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(path => Unindented(File.ReadAllText(path))));
        var documents = Docs.Pages().Append(Path.Combine(Repository.Root, "README.md")).Concat(PackageReadmes());

        var snippets = documents
            .SelectMany(path => Docs.Blocks(path, "csharp"), static (path, code) => (Page: Path.GetRelativePath(Repository.Root, path), Code: code))
            .ToList();

        Assert.NotEmpty(snippets);
        Assert.DoesNotContain(snippets, snippet => !compiled.Contains(Unindented(snippet.Code), StringComparison.Ordinal));
    }

    /// <summary>A package page shows the README, but not the files beside it.</summary>
    [Fact]
    public void The_readme_of_a_package_has_no_relative_links_and_no_pictures()
    {
        Assert.NotEmpty(PackageReadmes());
        Assert.All(PackageReadmes(), static path => Assert.DoesNotMatch(Link(), File.ReadAllText(path)));
        Assert.All(PackageReadmes(), static path => Assert.DoesNotContain("![", File.ReadAllText(path)));
    }

    [Fact]
    public void The_package_for_web_applications_shows_the_program_of_the_readme()
    {
        var program = Docs.Blocks(Path.Combine(Repository.Root, "README.md"), "csharp").First();

        Assert.Contains("builder.Services.AddChatKit()", program);
        Assert.Contains(program, Docs.Blocks(Path.Combine(Repository.Root, "src", "ChatKit.AspNetCore", "README.md"), "csharp"));
    }

    /// <summary>Fails if a test in the table is renamed.</summary>
    [Fact]
    public void Every_test_in_the_table_of_threats_exists()
    {
        var sources = new TestSources("tests", Path.Combine("src", "ChatKit.Testing"));
        var table = File.ReadLines(Path.Combine(Repository.Root, "docs", "security.md")).SkipWhile(static line => line != "## Threats");
        var rows = table.Where(static line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1).ToList();

        Assert.NotEmpty(rows);
        Assert.All(rows, row =>
        {
            var tests = NamedTest().Matches(row);
            Assert.NotEmpty(tests);
            Assert.All(tests, test => Assert.True(sources.Have(test.Groups[1].Value, test.Groups[2].Value), test.Value));
        });
    }

    private static string[] PackageReadmes() => Directory.GetFiles(Path.Combine(Repository.Root, "src"), "README.md", SearchOption.AllDirectories);

    private static string Unindented(string code) => Indentation().Replace(code.ReplaceLineEndings("\n"), "").TrimEnd();

    [GeneratedRegex(@"`(\w+)\.(\w+)`")]
    private static partial Regex NamedTest();

    [GeneratedRegex("\\]\\((?!http)([^)#]+)\\)")]
    private static partial Regex Link();

    [GeneratedRegex("^[ ]+", RegexOptions.Multiline)]
    private static partial Regex Indentation();
}
