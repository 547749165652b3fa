namespace ChatKit.LoadTest.Runs;

/// <summary>Gives server and generator a processor each, where there are two and <c>taskset</c> can do it.</summary>
internal static class Cores
{
    public const int Server = 0;
    public const int Generator = 1;

    private static readonly string? TaskSet = Environment.ProcessorCount > 1 ? Programs.Find("taskset") : null;

    public static string Description => TaskSet is null
        ? "Server and generator share the processors: figures are rough."
        : $"The server runs on processor {Server}, the generator on processor {Generator}.";

    /// <summary>The command that runs a program on one processor. It replaces itself, so that the process id is the program's.</summary>
    public static (string File, string[] Arguments) Pin(int core, string file, string[] arguments) =>
        TaskSet is null ? (file, arguments) : (TaskSet, ["-c", $"{core}", file, .. arguments]);
}
