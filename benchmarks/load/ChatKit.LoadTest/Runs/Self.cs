namespace ChatKit.LoadTest.Runs;

/// <summary>How to start this program again.</summary>
internal static class Self
{
    public static string Program { get; } = Environment.ProcessPath ?? throw new InvalidOperationException("There is no process path.");

    /// <summary>The first arguments: the assembly, if the program is the <c>dotnet</c> command.</summary>
    public static string[] Arguments { get; } =
        Path.GetFileNameWithoutExtension(Program) == "dotnet" ? [typeof(Self).Assembly.Location] : [];
}
