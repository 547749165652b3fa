using System.IO.Compression;

namespace ChatRoom.Tests.Client;

public class SizeTests
{
    [Fact]
    public async Task The_client_is_small_and_needs_nothing_else()
    {
        var source = await File.ReadAllBytesAsync(Path.Combine(ScriptedServer.ClientFolder, "chatkit.js"));
        using var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
            await gzip.WriteAsync(source);

        Assert.InRange(compressed.Length, 1, 6 * 1024);
        Assert.DoesNotContain("import ", System.Text.Encoding.UTF8.GetString(source));
    }
}
