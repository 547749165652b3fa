using System.Text.RegularExpressions;

namespace ChatKit.AspNetCore.Tests.Proxies;

/// <summary>A reverse proxy that spreads requests over the nodes in turns, whoever sends them.</summary>
internal abstract partial class ReverseProxy(Uri address) : IAsyncDisposable
{
    /// <summary>The address of the proxy.</summary>
    public Uri Address { get; } = address;

    public abstract ValueTask DisposeAsync();

    /// <summary>Returns an example from the documentation, so that it is the one that is tested.</summary>
    /// <param name="language">The language of the code block.</param>
    protected static string Documented(string language)
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "how-to", "reverse-proxy.md")).ReplaceLineEndings("\n");
        return CodeBlock().Matches(page).First(block => block.Groups[1].Value == language).Groups[2].Value;
    }

    /// <summary>Replaces a part of an example, which must be there.</summary>
    protected static string Replace(string text, string part, string by)
    {
        Assert.Contains(part, text, StringComparison.Ordinal);
        return text.Replace(part, by, StringComparison.Ordinal);
    }

    [GeneratedRegex("^```(\\w+)\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();
}
