using ChatKit.StressTests;

// This file contains several programs. Options with a single dash, or no arguments, start the test runner.
return args.Length > 0 && CommandLine.IsCommand(args[0])
    ? await CommandLine.RunAsync(args)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
