using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ChatKit.TestKit.Redis;

/// <summary>A command as words with spaces in between, on its own connection.</summary>
internal static class RedisLine
{
    /// <summary>Sends a command. Returns the answer: the content of a bulk string, or the line, such as <c>+PONG</c>.</summary>
    /// <exception cref="IOException">The server is unavailable.</exception>
    /// <exception cref="SocketException">The server is unavailable.</exception>
    public static async Task<string> CallAsync(int port, string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(AsArray(command.Split(' '))));
        using var reader = new StreamReader(stream);
        var line = await reader.ReadLineAsync() ?? throw new EndOfStreamException();
        if (!line.StartsWith('$'))
            return line;
        var bulk = new char[int.Parse(line.AsSpan(1), CultureInfo.InvariantCulture)];
        await reader.ReadBlockAsync(bulk);
        return new string(bulk);
    }

    /// <summary>Encodes the command as clients do, because Garnet does not accept inline commands.</summary>
    private static string AsArray(string[] words) =>
        $"*{words.Length}\r\n" + string.Concat(words.Select(static word => $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n"));
}
