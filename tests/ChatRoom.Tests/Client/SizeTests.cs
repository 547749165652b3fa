using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace ChatRoom.Tests.Client;

public class SizeTests
{
    [Theory]
    [InlineData("chatkit.js", 7.5)]
    [InlineData("chatkit.fallback.js", 5)]
    public async Task A_module_is_as_small_as_documented_and_has_no_dependencies(string name, double kilobytes)
    {
        var source = await File.ReadAllBytesAsync(Path.Combine(ScriptedServer.ClientFolder, name));
        using var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
            await gzip.WriteAsync(source);

        Assert.InRange(compressed.Length, 1, (long)(kilobytes * 1024));
        var docs = await File.ReadAllTextAsync(Path.Combine(ScriptedServer.ClientFolder, "../../../docs/clients.md"));
        Assert.Contains($"about {kilobytes.ToString(CultureInfo.InvariantCulture)} KB", docs, StringComparison.Ordinal);
        Assert.DoesNotContain("import ", Encoding.UTF8.GetString(source), StringComparison.Ordinal);
    }
}
