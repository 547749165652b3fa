using ChatKit.Client.Tests.Fixtures;
using ChatKit.Client.Tests.Idle;

// This file contains several programs: the test runner, one that measures what idle clients cost, and the server that tests start.
return args is ["idle", .. var options] ? await IdleClients.RunAsync(options)
    : args is [ServerProgram.Command, .. var ports] ? await ServerProgram.RunAsync(ports)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
