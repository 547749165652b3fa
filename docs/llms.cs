// Writes llms.txt (https://llmstxt.org) into the site: the table of contents with the first sentence of each page, and the pages as Markdown.
// Run with: dotnet run --file llms.cs -- DOCS SITE
#:property PublishAot=false

using System.Text.RegularExpressions;

var (docs, site) = (args[0], args[1]);
List<string> lines = ["# ChatKit", "", $"> {FirstSentence(File.ReadAllText(Path.Combine(docs, "index.md")))}"];
var contents = File.ReadAllText(Path.Combine(docs, "guide", "toc.yml"));
foreach (Match entry in Regex.Matches(contents, @"^( *)- name: (.+)\n(?: +href: \.\./(.+)\n)?", RegexOptions.Multiline))
{
    var (isSection, name, page) = (entry.Groups[1].Length == 0, entry.Groups[2].Value, entry.Groups[3].Value);
    if (isSection)
        lines.AddRange(["", $"## {name}", ""]);
    if (page.Length == 0 || page.StartsWith("../", StringComparison.Ordinal))
        continue;
    var text = File.ReadAllText(Path.Combine(docs, page));
    lines.Add($"- [{name}]({page}): {FirstSentence(text)}");
    File.WriteAllText(Path.Combine(site, page), text);
}

File.WriteAllText(Path.Combine(site, "llms.txt"), string.Join('\n', lines) + "\n");

// The first sentence below the title, without its links; what follows a colon isn't part of it.
static string FirstSentence(string page)
{
    var paragraphs = Regex.Split(page.ReplaceLineEndings("\n"), "\n\n+").SkipWhile(static paragraph => !paragraph.StartsWith("# ", StringComparison.Ordinal));
    var text = paragraphs.Skip(1).First(static paragraph => char.IsLetter(paragraph.TrimStart('[', '`', '*')[0])).Replace('\n', ' ');
    text = Regex.Replace(text, @"\[([^\]]*)\]\([^)]*\)", "$1");
    return Regex.Match(text, @"^.+?(?=[.:] |[.:]$|$)").Value.TrimEnd('.', ':') + ".";
}
