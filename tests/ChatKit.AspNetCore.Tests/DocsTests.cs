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

        var broken = pages.SelectMany(Docs.BrokenLinks, static (page, link) => $"{Path.GetRelativePath(Repository.Root, page)}: {link}");

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

    [GeneratedRegex(@"(^|[/\\])(bin|obj|node_modules|artifacts|TestResults|\.git)[/\\]")]
    private static partial Regex Ignored();
}
