using System.Collections.Concurrent;
using System.Reflection;
using ChatKit.Client.Tests.Fixtures;

namespace ChatKit.Client.Tests;

/// <summary>The sample.</summary>
public sealed class BotTests : IDisposable
{
    private static readonly string Program = typeof(BotTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(static a => a.Key == "Bot").Value!;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chatkit-bot-");

    [Fact]
    public async Task The_bot_keeps_its_reminders_and_answers_what_it_missed_when_it_and_the_server_are_killed()
    {
        var (server, address) = await ServerProgram.StartAsync();
        await using var first = server;
        await using var person = Clients.Create(address);
        var said = new ConcurrentQueue<string>();
        var reading = ReadAsync(person, said);
        await person.ConnectAsync().Soon();
        await using (var bot = StartBot(address))
        {
            Assert.Equal("Live", await UntilLiveAsync(bot));
            await person.SendAsync("!time").Soon();
            await UntilSaidAsync("It is ");
            await person.SendAsync("!remind 3 tea").Soon();
            await Patience.UntilAsync(() => Read("reminders").EndsWith("tea", StringComparison.Ordinal), "the reminder is stored");
            await Patience.UntilAsync(() => Read("position") == person.Position.ToString(), "the position is stored");
            await bot.KillAsync();
        }

        await person.SendAsync("!remind 0 coffee").Soon();
        await using (var bot = StartBot(address))
        {
            await UntilSaidAsync("Reminder: coffee");
            await server.KillAsync();
            var (next, _) = await ServerProgram.StartAsync(address.Port);
            await using var second = next;
            await UntilSaidAsync("Reminder: tea");
            await Patience.UntilAsync(() => Read("reminders") == "", "no reminder is left");
        }

        await person.DisposeAsync();
        await reading.Soon();

        Task UntilSaidAsync(string text) =>
            Patience.UntilAsync(() => said.Any(one => one.StartsWith(text, StringComparison.Ordinal)), $"the bot says '{text}'");
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<string> UntilLiveAsync(DotnetProcess bot)
    {
        while (true)
        {
            var state = (await bot.ReadLineAsync()).Trim();
            if (state is "Live" or "Closed")
                return state;
        }
    }

    private static async Task ReadAsync(ChatClient person, ConcurrentQueue<string> said)
    {
        await foreach (var happened in person.Events())
        {
            if (happened is MessageReceived { Text: { } text })
                said.Enqueue(text);
        }
    }

    private DotnetProcess StartBot(Uri address) =>
        DotnetProcess.Start(Program, [address.OriginalString, _folder.FullName], onOutput: null, Console.Error.WriteLine);

    private string Read(string file)
    {
        var path = Path.Combine(_folder.FullName, file);
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }
}
