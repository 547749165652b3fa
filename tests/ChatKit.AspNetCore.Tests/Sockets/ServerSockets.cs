namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>
/// The sockets of a server in this process, as the kernel shows them. Their inodes distinguish them from those of the tests that run at the
/// same time, and from those that get their descriptors later.
/// </summary>
internal static class ServerSockets
{
    private const string Established = "01";

    /// <summary>
    /// Waits until a server has this many connections over IPv4 that are open on both sides, and returns their inodes (proc_pid_net(5)). While
    /// other tests connect, a table that is read once can lack a line, or have it twice.
    /// </summary>
    public static async Task<IReadOnlyCollection<string>> InodesAsync(int port, int count)
    {
        HashSet<string> inodes = [];
        await Patience.UntilAsync(
            () =>
            {
                inodes.UnionWith(File.ReadLines("/proc/self/net/tcp")
                    .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    .Where(column => column[1].EndsWith($":{port:X4}", StringComparison.Ordinal) && column[3] == Established)
                    .Select(static column => column[9]));
                return inodes.Count >= count;
            },
            $"{count} connections are open");
        return inodes;
    }

    /// <summary>Returns the descriptors of this process for these inodes.</summary>
    public static IReadOnlyList<int> DescriptorsOf(IReadOnlyCollection<string> inodes)
    {
        var links = inodes.Select(static inode => $"socket:[{inode}]").ToHashSet();
        return
        [
            .. Directory.GetFileSystemEntries("/proc/self/fd")
                .Where(path => TargetOf(path) is { } target && links.Contains(target))
                .Select(static path => int.Parse(Path.GetFileName(path), System.Globalization.CultureInfo.InvariantCulture)),
        ];
    }

    private static string? TargetOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (IOException)
        {
            // It was closed in the meantime.
            return null;
        }
    }
}
