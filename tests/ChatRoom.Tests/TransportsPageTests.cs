using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ChatRoom.Tests;

/// <summary>The commands of <c>docs/transports.md</c>, as they stand there, against the sample.</summary>
public sealed partial class TransportsPageTests(SharedChatRoom shared)
{
    private const string Host = "http://localhost:8000";

    /// <summary>The sample's rooms are shared by all tests, so the commands name one that no other test uses.</summary>
    private const string Room = "/chat/lobby";

    [Fact]
    public async Task Each_command_does_what_the_page_says()
    {
        Requirement.Curl();
        var chatRoom = await shared.GetAsync();
        var room = $"/chat/{shared.NewRoom()}";
        var commands = Commands().Select(command => command
            .Replace(Host, chatRoom.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)
            .Replace(Room, room, StringComparison.Ordinal)).ToArray();
        Assert.Equal(7, commands.Length);
        var (post, read, wait, before, stream, postToStream, browser) =
            (commands[0], commands[1], commands[2], commands[3], commands[4], commands[5], commands[6]);

        var ack = JsonElement.Parse(await RunAsync(post));
        Assert.Equal("ack", ack.GetProperty("type").GetString());
        var page = JsonElement.Parse(await RunAsync(read));
        Assert.Equal(["hello"], Texts(page));
        var position = page.GetProperty("position").GetString()!;
        Assert.Equal(ack.GetProperty("position").GetString(), position);

        var waiting = RunAsync(wait, ("POSITION", position));
        await Task.WhenAny(waiting, Task.Delay(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken));
        Assert.False(waiting.IsCompleted);
        await RunAsync(post);
        page = JsonElement.Parse(await waiting.Soon());
        Assert.Equal(["hello"], Texts(page));

        Assert.Equal(["hello"], Texts(JsonElement.Parse(await RunAsync(before, ("POSITION", page.GetProperty("position").GetString()!)))));

        using var events = Start(stream);
        var welcome = await LineAsync(events, "\"welcome\"");
        await LineAsync(events, "\"live\"");
        Assert.Equal("", await RunAsync(postToStream, ("TOKEN", Token().Match(welcome).Groups[1].Value)));
        await LineAsync(events, "\"data\":\"hi\"");
        events.Kill();

        Assert.Equal("426", await RunAsync(browser));
    }

    private static string?[] Texts(JsonElement page) =>
        [.. page.GetProperty("messages").EnumerateArray().Select(static message => message.GetProperty("data").GetString())];

    private static IEnumerable<string> Commands()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "transports.md")).ReplaceLineEndings("\n");
        return Command().Matches(page).Select(static match => match.Groups[1].Value);
    }

    private static async Task<string> RunAsync(string command, params (string Name, string Value)[] variables)
    {
        using var process = Start(command, variables);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).Soon();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal(0, process.ExitCode);
        return output;
    }

    private static Process Start(string command, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("sh", ["-c", "exec " + command]) { RedirectStandardOutput = true };
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>The next line that contains a text.</summary>
    private static async Task<string> LineAsync(Process process, string text)
    {
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Soon() is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
                return line;
        }

        Assert.Fail($"The stream ended before {text}.");
        return "";
    }

    [GeneratedRegex("```sh\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Command();

    [GeneratedRegex("\"token\":\"([^\"]+)\"")]
    private static partial Regex Token();
}
