using ChatKit.ChaosTests;
using ChatKit.ChaosTests.Harness;

// Several programs in one: the tests' own runner is started with options of one dash.
return args is ["serve" or UnsteadyServer.Command or "serve-crowd" or Parent.Command, ..] || (args.Length > 0 && args[0].StartsWith("--", StringComparison.Ordinal))
    ? await CommandLine.RunAsync(args)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
