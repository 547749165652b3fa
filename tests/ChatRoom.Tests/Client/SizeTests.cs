using System.IO.Compression;

namespace ChatRoom.Tests.Client;

public class SizeTests
{
    private const int Kilobytes = 8;

    [Fact]
    public async Task The_client_is_as_small_as_documented_and_has_no_dependencies()
    {
        var source = await File.ReadAllBytesAsync(Path.Combine(ScriptedServer.ClientFolder, "chatkit.js"));
        using var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
            await gzip.WriteAsync(source);

        Assert.InRange(compressed.Length, 1, Kilobytes * 1024);
        Assert.Contains($"about {Kilobytes} KB (gzip)", await File.ReadAllTextAsync(Path.Combine(ScriptedServer.ClientFolder, "../../../docs/clients.md")));
        Assert.DoesNotContain("import ", System.Text.Encoding.UTF8.GetString(source));
    }
}
