using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace ChatKit.TestKit;

public static partial class Docs
{
    private static readonly ConcurrentDictionary<string, HashSet<string>> AnchorsOf = new();

    /// <summary>Returns the links of a page to other files and to headings, without those in code.</summary>
    /// <param name="page">The path of the page; absolute, or in the folder.</param>
    public static IReadOnlyList<string> Links(string page) =>
        [.. Link().Matches(CodeSpan().Replace(WithoutBlocks(Read(page)), "code")).Select(static match => match.Groups[1].Value)];

    /// <summary>Returns those whose file or heading doesn't exist.</summary>
    /// <param name="page">The path of the page; absolute, or in the folder.</param>
    public static IEnumerable<string> BrokenLinks(string page) => Links(page).Where(link =>
    {
        var path = Path.GetFullPath(Path.Combine(Folder, page));
        var parts = link.Split('#', 2);
        var target = parts[0].Length == 0 ? path : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, parts[0]));
        return !Path.Exists(target)
            || (parts.Length > 1 && Path.GetExtension(target) == ".md" && !AnchorsOf.GetOrAdd(target, Anchors).Contains(parts[1]));
    });

    /// <summary>The anchors of the headings of a page, as GitHub and docfx derive them.</summary>
    private static HashSet<string> Anchors(string page)
    {
        var anchors = new HashSet<string>();
        foreach (Match heading in Heading().Matches(WithoutBlocks(Read(page))))
        {
            var text = LinkText().Replace(heading.Groups[1].Value, "$1").Trim().ToLowerInvariant();
            var anchor = string.Concat(text.Where(static c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');
            for (var (unique, count) = (anchor, 1); !anchors.Add(unique); count++)
                unique = $"{anchor}-{count}";
        }

        return anchors;
    }

    private static string WithoutBlocks(string text) => AnyBlock().Replace(text, "");

    [GeneratedRegex(@"\]\((?!https?:|mailto:)([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkText();

    [GeneratedRegex("^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("^[ ]*```.*?^[ ]*```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex AnyBlock();

    [GeneratedRegex("`[^`\n]+`")]
    private static partial Regex CodeSpan();
}
