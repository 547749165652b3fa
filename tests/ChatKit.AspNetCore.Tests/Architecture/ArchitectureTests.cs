using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;

namespace ChatKit.AspNetCore.Tests.Architecture;

/// <summary>Compares the assemblies with the rules of ARCHITECTURE.md.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly Lazy<TypeGraph> Graph = new(static () => TypeGraph.Of(typeof(WebSocketHandler).Assembly, typeof(WebSocketEndpointOptions).Assembly));

    [Fact]
    public void A_folder_uses_only_the_folders_that_the_architecture_allows()
    {
        var allowed = AllowedArrows();
        var forbidden =
            from type in Graph.Value.Uses
            let folder = FolderOf(type.Key)
            from used in type.Value
            let target = FolderOf(used)
            where folder is not null && target is not null && folder != target && target != "the root"
            where !allowed.TryGetValue(folder, out var targets) || !targets.Contains(target)
            select $"{folder} -> {target}: {type.Key} uses {used}";

        AssertNone(forbidden);
    }

    [Fact]
    public void The_architecture_allows_only_what_is_used()
    {
        var used = Graph.Value.Uses.SelectMany(static type => type.Value.Select(target => (FolderOf(type.Key), FolderOf(target)))).ToHashSet();

        AssertNone(
            from arrow in AllowedArrows()
            from target in arrow.Value
            where !used.Contains((arrow.Key, target))
            select $"{arrow.Key} -> {target}");
    }

    [Fact]
    public void Folders_do_not_use_each_other_in_a_circle()
    {
        var left = AllowedArrows().ToDictionary(static arrow => arrow.Key, static arrow => arrow.Value);
        while (left.FirstOrDefault(arrow => !arrow.Value.Any(left.ContainsKey)) is { Key: { } last })
            left.Remove(last);

        AssertNone(left.Keys);
    }

    [Fact]
    public void Types_do_not_use_each_other_in_a_circle()
    {
        AssertNone(Graph.Value.Circles()
            .Where(static circle => !circle.All(static type => FolderOf(type) is "the root" or null))
            .Select(static circle => string.Join(" - ", circle)));
    }

    private static void AssertNone(IEnumerable<string> problems)
    {
        var all = problems.Order().ToList();
        Assert.True(all.Count == 0, string.Join('\n', all));
    }

    /// <summary>The folder of a type; null for the extension methods in namespaces of Microsoft, and for what the compiler generates.</summary>
    private static string? FolderOf(string type) => type[..Math.Max(0, type.LastIndexOf('.'))] switch
    {
        "ChatKit" => "the root",
        var space when space.StartsWith("ChatKit.", StringComparison.Ordinal) => space["ChatKit.".Length..].Replace('.', '/'),
        _ => null,
    };

    /// <summary>The table of ARCHITECTURE.md: for each folder, the folders that it may use besides the root.</summary>
    private static Dictionary<string, string[]> AllowedArrows()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "ARCHITECTURE.md"));
        return Row().Matches(page).ToDictionary(
            static row => row.Groups[1].Value,
            static row => Folder().Matches(row.Groups[2].Value).Select(static folder => folder.Groups[1].Value).ToArray());
    }

    [GeneratedRegex(@"^\| `([\w/]+)` \| [^|]+ \| ([^|]*) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Folder();
}
