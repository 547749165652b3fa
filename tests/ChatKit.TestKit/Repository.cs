using System.Reflection;

namespace ChatKit.TestKit;

public static class Repository
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } =
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static a => a.Key == "RepositoryRoot").Value!;
}
