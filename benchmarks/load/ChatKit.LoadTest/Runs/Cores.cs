namespace ChatKit.LoadTest.Runs;

/// <summary>Assigns one processor each to the server and the generator, if there are two and <c>taskset</c> is installed.</summary>
internal static class Cores
{
    public const int Server = 0;
    public const int Generator = 1;

    private static readonly string? TaskSet = Environment.ProcessorCount > 1 ? Programs.Find("taskset") : null;

    public static string Description => TaskSet is null
        ? "Server and generator share the processors: figures are rough."
        : $"The server runs on processor {Server}, the generator on processor {Generator}.";

    /// <summary>The command that runs a program on one processor. It replaces itself, so the process id is that of the program.</summary>
    public static (string File, string[] Arguments) Pin(int core, string file, string[] arguments) =>
        TaskSet is null ? (file, arguments) : (TaskSet, ["-c", $"{core}", file, .. arguments]);
}
