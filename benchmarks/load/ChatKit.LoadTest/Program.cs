using System.CommandLine;
using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Profiles;
using ChatKit.LoadTest.Returning;
using ChatKit.LoadTest.Runs;
using ChatKit.LoadTest.Servers;

var root = new RootCommand("Measures how fast servers send a room's messages to its members.")
{
    RunCommand.Create(),
    ServeCommand.Create(),
    GenerateCommand.Create(),
    MemoryCommand.Create(),
    ReturnCommand.Create(),
    StagesCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
