using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace ChatKit.TestKit;

/// <summary>The pages of the documentation, for tests that compare them with the code.</summary>
public static partial class Docs
{
    /// <summary>The folder of the pages.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "docs");

    /// <summary>Returns the paths of all pages.</summary>
    public static IEnumerable<string> Pages() => Directory.GetFiles(Folder, "*.md", SearchOption.AllDirectories);

    /// <summary>Reads a page, with the line ends of Unix.</summary>
    /// <param name="page">The path of the page in the folder, such as <c>how-to/bots.md</c>.</param>
    public static string Read(string page) => File.ReadAllText(Path.Combine(Folder, page)).ReplaceLineEndings("\n");

    /// <summary>Returns the code blocks of a page.</summary>
    /// <param name="page">The path of the page; absolute, or in the folder.</param>
    /// <param name="languages">The languages of the blocks, as they follow the three backticks.</param>
    public static IEnumerable<string> Blocks(string page, params string[] languages) => CodeBlock().Matches(Read(page))
        .Where(block => languages.Contains(block.Groups[1].Value))
        .Select(static block => block.Groups[2].Value);

    /// <summary>Returns the rows of the table below a heading, as the name and the default of each option.</summary>
    /// <param name="page">The page.</param>
    /// <param name="heading">The heading, which is the name of the class.</param>
    public static IEnumerable<(string Name, string Default)> Options(string page, string heading)
    {
        var section = Read(page).Split($"\n## {heading}\n")[1].Split("\n## ")[0];
        return OptionRow().Matches(section).SelectMany(static row => Code().Matches(row.Groups[1].Value)
            .Select(name => (name.Groups[1].Value, row.Groups[2].Value.Trim('`'))));
    }

    /// <summary>Returns what the documentation calls the default of an option; null if that is a text, such as for a function.</summary>
    /// <param name="option">The option.</param>
    /// <param name="options">The options as they are created.</param>
    public static string? DefaultOf(PropertyInfo option, object options) => option.GetValue(options) switch
    {
        bool isOn => isOn ? "on" : "off",
        TimeSpan { TotalMilliseconds: -1 } => "never",
        TimeSpan { TotalDays: >= 1 } time => $"{time.TotalDays} days",
        TimeSpan time => $"{time.TotalSeconds} s",
        int or long when Convert.ToInt64(option.GetValue(options), CultureInfo.InvariantCulture) is var number => number switch
        {
            >= 1024 * 1024 => $"{number / 1024 / 1024} MiB",
            >= 1024 when number % 1024 == 0 => $"{number / 1024} KiB",
            _ => number.ToString("N0", CultureInfo.InvariantCulture),
        },
        string text => text,
        _ => null,
    };

    [GeneratedRegex("^```(\\w+)\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^\| (`[^|]+`) \| ([^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex OptionRow();

    [GeneratedRegex("`(\\w+)`")]
    private static partial Regex Code();
}
