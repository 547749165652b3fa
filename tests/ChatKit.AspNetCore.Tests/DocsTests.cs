using System.Reflection;
using System.Text.RegularExpressions;
using Acornima;
using ChatKit.Client;
using Microsoft.AspNetCore.Builder;
using YamlDotNet.RepresentationModel;

namespace ChatKit.AspNetCore.Tests;

/// <summary>The pages in docs/ match the code, and each other.</summary>
public sealed partial class DocsTests
{
    [Theory]
    [InlineData(typeof(WebSocketEndpointOptions))]
    [InlineData(typeof(ChatKitOptions))]
    [InlineData(typeof(RedisOptions))]
    [InlineData(typeof(ChatClientOptions))]
    public void The_table_of_options_matches_the_code_in_names_and_defaults(Type type)
    {
        var documented = Docs.Options("reference/options.md", type.Name).ToDictionary();
        var options = type.GetProperties(BindingFlags.Instance | BindingFlags.Public);

        Assert.Equal(options.Select(static option => option.Name).Order(), documented.Keys.Order());
        var created = Activator.CreateInstance(type)!;
        Assert.All(options, option =>
        {
            if (Docs.DefaultOf(option, created) is { } value)
                Assert.Equal((option.Name, value), (option.Name, documented[option.Name]));
        });
    }

    /// <summary>Without the built site: docfx checks its pages, but not the files that aren't part of it.</summary>
    [Fact]
    public void Every_link_in_Markdown_has_a_target()
    {
        var pages = Directory.GetFiles(Repository.Root, "*.md", SearchOption.AllDirectories)
            .Where(static path => !Ignored().IsMatch(Path.GetRelativePath(Repository.Root, path)))
            .ToList();
        var anchors = pages.ToDictionary(Path.GetFullPath, static path => Anchors(File.ReadAllText(path)));

        var broken = pages.SelectMany(page => Link().Matches(WithoutCode(File.ReadAllText(page))).Select(match => match.Groups[1].Value).Where(link =>
        {
            var parts = link.Split('#', 2);
            var target = Path.GetFullPath(parts[0].Length == 0 ? page : Path.Combine(Path.GetDirectoryName(page)!, parts[0]));
            return !Path.Exists(target) || (parts.Length > 1 && anchors.TryGetValue(target, out var known) && !known.Contains(parts[1]));
        }).Select(link => $"{Path.GetRelativePath(Repository.Root, page)}: {link}"));

        Assert.Contains(pages, static page => page.EndsWith("README.md", StringComparison.Ordinal));
        Assert.Empty(broken);
    }

    [Fact]
    public void Every_page_is_in_the_table_of_contents()
    {
        var contents = File.ReadAllText(Path.Combine(Docs.Folder, "guide", "toc.yml"));

        var pages = Docs.Pages().Select(static path => Path.GetRelativePath(Docs.Folder, path).Replace('\\', '/')).Where(static page => page != "index.md");

        Assert.DoesNotContain(pages, page => !contents.Contains($"href: ../{page}\n", StringComparison.Ordinal));
    }

    /// <summary>The snippets in TypeScript are compiled by the tests of the npm package.</summary>
    [Fact]
    public void Every_snippet_in_JavaScript_is_valid()
    {
        var snippets = Docs.Pages().SelectMany(static path => Docs.Blocks(path, "js"), static (path, code) => (Page: Path.GetFileName(path), Code: code)).ToList();

        Assert.NotEmpty(snippets);
        Assert.All(snippets, static snippet => new Parser().ParseModule(snippet.Code, snippet.Page));
    }

    [Fact]
    public void The_manifest_for_Kubernetes_gives_a_node_the_time_that_it_needs_to_stop()
    {
        var manifests = Docs.Blocks("how-to/kubernetes.md", "yaml").SelectMany(Load).ToDictionary(static manifest => $"{manifest["kind"]}");

        var pod = manifests["Deployment"]["spec"]["template"]["spec"];
        var container = pod["containers"][0];
        var drainTime = TimeSpan.Parse($"{Variable(container, "ChatKit__DrainTime")["value"]}", null).TotalSeconds;
        var preStop = Seconds(container["lifecycle"]["preStop"]["sleep"]["seconds"]);
        var readiness = container["readinessProbe"];
        Assert.Equal(manifests["Service"]["spec"]["selector"], manifests["Deployment"]["spec"]["template"]["metadata"]["labels"]);
        Assert.Equal("None", $"{manifests["Service"]["spec"]["sessionAffinity"]}");
        Assert.Equal("/health/ready", $"{readiness["httpGet"]["path"]}");
        Assert.Equal("/health/live", $"{container["livenessProbe"]["httpGet"]["path"]}");
        Assert.Equal(
            manifests["Secret"]["metadata"]["name"],
            Variable(container, "ConnectionStrings__Redis")["valueFrom"]["secretKeyRef"]["name"]);
        Assert.InRange(Seconds(readiness["periodSeconds"]), 1, drainTime / 4);
        Assert.InRange(
            Seconds(pod["terminationGracePeriodSeconds"]),
            preStop + Math.Max(drainTime + new ChatKitOptions().CloseTimeout.TotalSeconds, 31),
            double.MaxValue);
    }

    private static IEnumerable<YamlNode> Load(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream.Documents.Select(static document => document.RootNode);
    }

    private static YamlNode Variable(YamlNode container, string name) =>
        ((YamlSequenceNode)container["env"]).Single(variable => $"{variable["name"]}" == name);

    private static double Seconds(YamlNode node) => double.Parse($"{node}", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The anchors of the headings of a page, as GitHub and docfx derive them.</summary>
    private static HashSet<string> Anchors(string page)
    {
        var anchors = new HashSet<string>();
        foreach (Match heading in Heading().Matches(WithoutBlocks(page)))
        {
            var text = LinkText().Replace(heading.Groups[1].Value, "$1").Trim().ToLowerInvariant();
            var anchor = string.Concat(text.Where(static c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');
            for (var (unique, count) = (anchor, 1); !anchors.Add(unique); count++)
                unique = $"{anchor}-{count}";
        }

        return anchors;
    }

    private static string WithoutBlocks(string page) => Block().Replace(page.ReplaceLineEndings("\n"), "");

    private static string WithoutCode(string page) => Span().Replace(WithoutBlocks(page), "code");

    [GeneratedRegex(@"(^|[/\\])(bin|obj|node_modules|artifacts|TestResults|\.git)[/\\]")]
    private static partial Regex Ignored();

    [GeneratedRegex(@"\]\((?!https?:|mailto:)([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkText();

    [GeneratedRegex("^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("^[ ]*```.*?^[ ]*```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("`[^`\n]+`")]
    private static partial Regex Span();
}
