using ChatKit.ClientScenarios;

// This file contains two programs: the test runner, and one that tests any client. Options with a single dash start the test runner.
return args.Length > 0 && args[0].StartsWith("--", StringComparison.Ordinal)
    ? await CommandLine.RunAsync(args)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
