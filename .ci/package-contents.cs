// Checks that packages hold what their users and a feed expect. Run with: dotnet run --file package-contents.cs -- FOLDER
#:property PublishAot=false

using System.IO.Compression;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;

foreach (var path in Directory.GetFiles(args[0], "*.nupkg").Order(StringComparer.Ordinal))
{
    var id = Regex.Match(Path.GetFileName(path), @"^(.*?)\.\d").Groups[1].Value;
    using var package = ZipFile.OpenRead(path);
    if (id == "ChatKit.Templates")
    {
        CheckTemplates(package, id);
        continue;
    }

    using var symbols = ZipFile.OpenRead(Path.ChangeExtension(path, ".snupkg"));
    Expect(package, "README.md", "icon.png", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml");
    if (id == "ChatKit.AspNetCore")
        Expect(package, "staticwebassets/chatkit.js", "staticwebassets/chatkit.fallback.js", "staticwebassets/chatkit.d.ts");
    Expect(symbols, $"lib/net10.0/{id}.pdb");
    CheckPage(package, id);
    CheckDocumentation(package, id);
    Console.WriteLine($"{Path.GetFileName(path)} is complete.");
}

// The template has the version of its package for those of ChatKit.
static void CheckTemplates(ZipArchive package, string id)
{
    Expect(package, "README.md", "icon.png", "content/chatkit/.template.config/template.json", "content/chatkit/Program.cs");
    CheckPage(package, id);
    var version = Regex.Match(Read(package, id + ".nuspec"), "<version>(.*)</version>").Groups[1].Value;
    var references = Regex.Matches(Read(package, "content/chatkit/Company.Chat1.csproj"), "Include=\"ChatKit.*\" Version=\"(.*)\"");
    if (references.Count == 0 || references.Any(reference => reference.Groups[1].Value != version))
        throw new InvalidOperationException($"{id} {version} has the references {string.Join(", ", references)}.");
    Console.WriteLine($"{id} {version} is complete.");
}

// What the page of a package on a feed shows.
static void CheckPage(ZipArchive package, string id)
{
    var manifest = Read(package, id + ".nuspec");
    foreach (var element in new[] { "<license type=\"expression\">MIT</license>", "<icon>icon.png</icon>", "<readme>README.md</readme>", "commit=\"" })
    {
        if (!manifest.Contains(element, StringComparison.Ordinal))
            throw new InvalidOperationException($"{id} lacks {element}.");
    }

    // A package page shows the README, but not the files beside it.
    var links = Regex.Matches(Read(package, "README.md"), "(\\]\\(|\\]:\\s*|(src|href)=\")(?!https://)[^)\"\\s]*");
    if (links.Count > 0)
        throw new InvalidOperationException($"The README of {id} has links that do not resolve: {string.Join(", ", links)}");
}

static void Expect(ZipArchive archive, params string[] entries)
{
    foreach (var entry in entries)
    {
        if (archive.GetEntry(entry) is null)
            throw new InvalidOperationException($"{entry} is missing.");
    }
}

static string Read(ZipArchive archive, string entry)
{
    using var reader = new StreamReader(archive.GetEntry(entry)!.Open());
    return reader.ReadToEnd();
}

// Every public type is described, and nothing that cannot be seen from outside.
static void CheckDocumentation(ZipArchive package, string id)
{
    var documented = XDocument.Parse(Read(package, $"lib/net10.0/{id}.xml")).Descendants("member")
        .Select(member => Regex.Replace((string)member.Attribute("name")!, "^.:|(``|\\(|~).*", "")).ToHashSet();
    using var stream = new MemoryStream();
    using (var assembly = package.GetEntry($"lib/net10.0/{id}.dll")!.Open())
        assembly.CopyTo(stream);
    stream.Position = 0;
    using var file = new PEReader(stream);
    var metadata = file.GetMetadataReader();

    var types = new HashSet<string>();
    var members = new HashSet<string>();
    foreach (var type in metadata.TypeDefinitions.Select(metadata.GetTypeDefinition).Where(IsVisibleType))
    {
        var name = NameOf(type);
        types.Add(name);
        foreach (var method in type.GetMethods().Where(IsVisible).Select(metadata.GetMethodDefinition))
            members.Add($"{name}.{metadata.GetString(method.Name).Replace('.', '#')}");
        foreach (var field in type.GetFields().Select(metadata.GetFieldDefinition).Where(field => IsSeen((int)field.Attributes)))
            members.Add($"{name}.{metadata.GetString(field.Name)}");
        foreach (var property in type.GetProperties().Select(metadata.GetPropertyDefinition))
        {
            if (IsVisible(property.GetAccessors().Getter) || IsVisible(property.GetAccessors().Setter))
                members.Add($"{name}.{metadata.GetString(property.Name)}");
        }

        foreach (var @event in type.GetEvents().Select(metadata.GetEventDefinition).Where(@event => IsVisible(@event.GetAccessors().Adder)))
            members.Add($"{name}.{metadata.GetString(@event.Name)}");
    }

    var hidden = documented.Except(types).Except(members).ToList();
    var missing = types.Except(documented).ToList();
    if (hidden.Count > 0 || missing.Count > 0 || types.Count == 0)
        throw new InvalidOperationException($"{id}.xml describes {hidden.Count} internals ({string.Join(", ", hidden.Take(5))}) and not {string.Join(", ", missing)}.");

    bool IsVisible(MethodDefinitionHandle method) => !method.IsNil && IsSeen((int)metadata.GetMethodDefinition(method).Attributes);

    bool IsVisibleType(TypeDefinition type) => (type.Attributes & TypeAttributes.VisibilityMask) switch
    {
        TypeAttributes.Public => true,
        TypeAttributes.NestedPublic or TypeAttributes.NestedFamily or TypeAttributes.NestedFamORAssem =>
            IsVisibleType(metadata.GetTypeDefinition(type.GetDeclaringType())),
        _ => false,
    };

    string NameOf(TypeDefinition type) => type.GetDeclaringType() is { IsNil: false } outer
        ? $"{NameOf(metadata.GetTypeDefinition(outer))}.{metadata.GetString(type.Name)}"
        : $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
}

// Fields and methods have the same values of accessibility.
static bool IsSeen(int attributes) => (MethodAttributes)(attributes & (int)MethodAttributes.MemberAccessMask)
    is MethodAttributes.Public or MethodAttributes.Family or MethodAttributes.FamORAssem;
