using System.Globalization;
using ChatKit.Client;

// A bot that answers !time and keeps reminders (!remind 30 tea). It survives restarts of the server and of itself.
if (args is not [var address, var folder, ..])
    throw new ArgumentException("Usage: Bot <address> <folder> [<token>], for example: Bot http://localhost:8000/chat/lobby bot-data");

Directory.CreateDirectory(folder);
var (positionFile, reminderFile) = (Path.Combine(folder, "position"), Path.Combine(folder, "reminders"));
var options = new ChatClientOptions
{
    Storage = new FileOutboxStorage(Path.Combine(folder, "outbox")), // What it says is sent until the server has it.
    Token = _ => Task.FromResult(args.ElementAtOrDefault(2)),
};
if (File.Exists(positionFile))
    options.After[new Uri(address).Segments[^1]] = MessagePosition.Parse(File.ReadAllText(positionFile)); // It reads what it has missed.

var isCaughtUp = options.After.Count > 0; // The first time, it answers only what is new.
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) => (e.Cancel, _) = (true, stop.CancelAsync());
await using var chat = new ChatClient(new Uri(address), options);
var reminders = File.Exists(reminderFile) ? File.ReadAllLines(reminderFile).ToList() : [];
foreach (var reminder in reminders.ToArray())
    _ = RemindAsync(reminder);
try
{
    _ = chat.ConnectAsync(stop.Token);
    await foreach (var happened in chat.Events(stop.Token))
    {
        if (happened is StateChanged { State: var state, Reason: var reason })
            Console.WriteLine($"{state} {reason}");
        isCaughtUp |= happened is RoomLive;
        if (happened is not MessageReceived { Position: { } position } message)
            continue;
        if (isCaughtUp)
            Answer(message.Text ?? "");
        Save(positionFile, position.ToString());
    }
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
}

void Answer(string text)
{
    if (text == "!time")
        _ = SayAsync($"It is {DateTimeOffset.UtcNow:HH:mm:ss} UTC.");
    if (text.Split(' ', 3) is not ["!remind", var delay, var what] || !uint.TryParse(delay, CultureInfo.InvariantCulture, out var seconds))
        return;
    var reminder = $"{DateTimeOffset.UtcNow.AddSeconds(seconds).ToUnixTimeSeconds()} {what}";
    Change(() => reminders.Add(reminder));
    _ = RemindAsync(reminder);
}

async Task RemindAsync(string reminder)
{
    var due = DateTimeOffset.FromUnixTimeSeconds(long.Parse(reminder.Split(' ')[0], CultureInfo.InvariantCulture)) - DateTimeOffset.UtcNow;
    await Task.Delay(due > TimeSpan.Zero ? due : TimeSpan.Zero, stop.Token);
    await SayAsync($"Reminder: {reminder.Split(' ', 2)[1]}");
    Change(() => reminders.Remove(reminder)); // If it crashes just before, it reminds twice.
}

void Change(Action change)
{
    lock (reminders)
    {
        change();
        Save(reminderFile, string.Join('\n', reminders));
    }
}

Task SayAsync(string text) =>
    chat.SendAsync(text).ContinueWith(static sent => Console.WriteLine(sent.Exception?.InnerException?.Message ?? "Said it."));

void Save(string path, string text)
{
    File.WriteAllText(path + ".new", text); // A crash leaves the old file or the new one.
    File.Move(path + ".new", path, overwrite: true);
}
