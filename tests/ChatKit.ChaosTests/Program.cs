using ChatKit.ChaosTests;
using ChatKit.ChaosTests.Harness;

// This file contains several programs. Options with a single dash start the test runner.
return args is ["serve" or UnsteadyServer.Command or "serve-crowd" or Parent.Command, ..] || (args.Length > 0 && args[0].StartsWith("--", StringComparison.Ordinal))
    ? await CommandLine.RunAsync(args)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
