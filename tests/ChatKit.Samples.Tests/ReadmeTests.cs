namespace ChatKit.Samples.Tests;

public sealed class ReadmeTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "samples");

    [Fact]
    public void Every_sample_has_a_readme_with_its_command_and_is_in_the_table()
    {
        var samples = Directory.GetDirectories(Folder)
            .Select(static folder => Path.GetFileName(folder))
            .Where(static name => File.Exists(Path.Combine(Folder, name, $"{name}.csproj")))
            .ToList();
        var table = File.ReadAllText(Path.Combine(Folder, "README.md"));

        Assert.True(samples.Count >= 5);
        Assert.All(samples, name =>
        {
            Assert.Contains($"dotnet run --project samples/{name}", File.ReadAllText(Path.Combine(Folder, name, "README.md")));
            Assert.Contains($"| [{name}]({name}/README.md) | `dotnet run --project samples/{name}", table);
        });
    }

    [Fact]
    public void Every_link_has_a_target()
    {
        var pages = Directory.GetFiles(Folder, "README.md", SearchOption.AllDirectories);

        Assert.NotEmpty(pages);
        Assert.All(pages, static page => Assert.Empty(Docs.BrokenLinks(page)));
    }
}
