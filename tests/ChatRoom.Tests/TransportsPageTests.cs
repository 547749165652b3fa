using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ChatRoom.Tests;

/// <summary>The commands of <c>docs/transports.md</c> and <c>docs/how-to/bots.md</c>, as they stand there, against the sample.</summary>
public sealed partial class TransportsPageTests(SharedChatRoom shared)
{
    private const string Host = "http://localhost:8000";

    [Fact]
    public async Task Each_command_does_what_the_page_says()
    {
        Requirement.Curl();
        var commands = await CommandsAsync("transports.md", "/chat/lobby");
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

    [Fact]
    public async Task A_webhook_that_posts_twice_with_a_ref_is_stored_once()
    {
        Requirement.Curl();
        var post = Assert.Single(await CommandsAsync("how-to/bots.md", "/chat/builds"));

        var first = JsonElement.Parse(await RunAsync(post));
        var second = JsonElement.Parse(await RunAsync(post));

        Assert.Equal("ack", first.GetProperty("type").GetString());
        Assert.Equal(first.GetProperty("position").GetString(), second.GetProperty("position").GetString());
    }

    private static string?[] Texts(JsonElement page) =>
        [.. page.GetProperty("messages").EnumerateArray().Select(static message => message.GetProperty("data").GetString())];

    /// <summary>The commands of a page. The sample's rooms are shared by all tests, so they name one that no other test uses.</summary>
    private async Task<string[]> CommandsAsync(string page, string room)
    {
        var chatRoom = await shared.GetAsync();
        var newRoom = $"/chat/{shared.NewRoom()}";
        return [.. Docs.Blocks(page, "sh").Select(command => command.TrimEnd()
            .Replace(Host, chatRoom.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)
            .Replace(room, newRoom, StringComparison.Ordinal))];
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

    [GeneratedRegex("\"token\":\"([^\"]+)\"")]
    private static partial Regex Token();
}
