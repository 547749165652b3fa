// Checks that packages hold what their users and a feed expect. Run with: dotnet run --file package-contents.cs -- FOLDER
#:property PublishAot=false

using System.IO.Compression;

foreach (var id in new[] { "ChatKit", "ChatKit.AspNetCore" })
{
    var path = Directory.GetFiles(args[0], id + ".?.*.nupkg").Single();
    using var package = ZipFile.OpenRead(path);
    using var symbols = ZipFile.OpenRead(Path.ChangeExtension(path, ".snupkg"));
    Expect(package, "README.md", "icon.png", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml");
    if (id == "ChatKit.AspNetCore")
        Expect(package, "staticwebassets/chatkit.js", "staticwebassets/chatkit.d.ts");
    Expect(symbols, $"lib/net10.0/{id}.pdb");
    using var reader = new StreamReader(package.GetEntry(id + ".nuspec")!.Open());
    var manifest = reader.ReadToEnd();
    foreach (var element in new[] { "<license type=\"expression\">MIT</license>", "<icon>icon.png</icon>", "<readme>README.md</readme>", "commit=\"" })
    {
        if (!manifest.Contains(element, StringComparison.Ordinal))
            throw new InvalidOperationException($"{id} lacks {element}.");
    }

    Console.WriteLine($"{Path.GetFileName(path)} is complete.");
}

static void Expect(ZipArchive archive, params string[] entries)
{
    foreach (var entry in entries)
    {
        if (archive.GetEntry(entry) is null)
            throw new InvalidOperationException($"{entry} is missing.");
    }
}
