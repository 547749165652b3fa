// Prints the hashes of the packages in a folder, and fails unless another folder has the same. Run with:
// dotnet run --file compare-packages.cs -- FOLDER OTHER
#:property PublishAot=false

using System.IO.Compression;
using System.Security.Cryptography;

var names = Names(args[0]);
if (names.Length == 0 || !names.SequenceEqual(Names(args[1])))
    throw new InvalidOperationException($"The folders have other packages: {string.Join(", ", names)} and {string.Join(", ", Names(args[1]))}.");

var differences = 0;
foreach (var name in names)
{
    var hash = HashOf(Path.Combine(args[0], name));
    Console.WriteLine($"{hash}  {name}");
    if (hash == HashOf(Path.Combine(args[1], name)))
        continue;
    differences++;
    var entries = EntriesOf(Path.Combine(args[0], name));
    var others = EntriesOf(Path.Combine(args[1], name));
    var different = entries.Except(others).Concat(others.Except(entries)).Select(entry => entry.Name).Distinct().ToList();
    Console.WriteLine($"  differs in {(different.Count == 0 ? "the archive only" : string.Join(", ", different))}");
}

return differences == 0 ? 0 : 1;

static string[] Names(string folder) =>
    [.. Directory.GetFiles(folder, "*nupkg").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

static string HashOf(string path)
{
    using var file = File.OpenRead(path);
    return Convert.ToHexStringLower(SHA256.HashData(file));
}

static List<(string Name, string Hash)> EntriesOf(string path)
{
    using var archive = ZipFile.OpenRead(path);
    return [.. archive.Entries.Select(entry =>
    {
        using var content = entry.Open();
        return (entry.FullName, Convert.ToHexStringLower(SHA256.HashData(content)));
    })];
}
