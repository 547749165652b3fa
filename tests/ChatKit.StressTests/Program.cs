using ChatKit.StressTests;

// Several programs in one: the tests' own runner is started with options of one dash, or with none.
return args.Length > 0 && CommandLine.Knows(args[0])
    ? await CommandLine.RunAsync(args)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
