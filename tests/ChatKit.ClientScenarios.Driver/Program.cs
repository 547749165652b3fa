using ChatKit.ClientScenarios.Driver;

// The driver of the .NET client: commands on standard input, events on standard output. ../ChatKit.ClientScenarios/README.md describes them.
await using var driver = new Driver(Console.Out);
while (await Console.In.ReadLineAsync() is { } line)
    await driver.HandleAsync(line);
