using ChatKit.AspNetCore.Tests.Proxies;

// The tests, and a node that they start in a process of its own.
return args is [ChatNode.Command, ..]
    ? await ChatNode.RunAsync(args)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
