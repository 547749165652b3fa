using System.Text.RegularExpressions;

namespace ChatKit.TestKit;

/// <summary>The source files of tests, for pages that name tests.</summary>
/// <param name="folders">The folders, relative to the root of the repository.</param>
public sealed class TestSources(params string[] folders)
{
    private readonly List<string> _files =
    [
        .. folders
            .SelectMany(static folder => Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Select(File.ReadAllText),
    ];

    /// <summary>Whether a file has the class and the method.</summary>
    public bool Have(string type, string method) =>
        _files.Any(file => Regex.IsMatch(file, $@"\bclass {type}\b") && file.Contains($" {method}(", StringComparison.Ordinal));
}
