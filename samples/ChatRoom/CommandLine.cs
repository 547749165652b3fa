using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using StackExchange.Redis;

namespace ChatRoom;

/// <summary>Parses the command line. Reports an invalid value in one line, with exit code 2.</summary>
internal sealed class CommandLine
{
    public const int WrongUsage = 2;

    private static readonly Dictionary<string, LogLevel> Levels = new()
    {
        ["debug"] = LogLevel.Debug,
        ["info"] = LogLevel.Information,
        ["warning"] = LogLevel.Warning,
        ["error"] = LogLevel.Error,
        ["fatal"] = LogLevel.Critical,
    };

    private readonly RootCommand _command = new(
        "A chat room over WebSockets that remembers the last 100 messages of each room. The path /echo returns each message to its sender.");

    private CommandLine(Func<Settings, Task<int>> run)
    {
        var host = new Option<string>("--host")
        {
            Description = "The address to listen on: localhost, or an IP address, such as 0.0.0.0 for all interfaces.",
            DefaultValueFactory = _ => "localhost",
        };
        var port = new Option<int>("--port")
        {
            Description = "The port to listen on; 0 for any free port.",
            DefaultValueFactory = _ => 8000,
            CustomParser = ParsePort,
        };
        var logging = new Option<string>("--logging")
        {
            Description = "The lowest level to log: debug, info, warning, error, or fatal.",
            DefaultValueFactory = _ => "info",
        };
        var redis = new Option<string?>("--redis")
        {
            Description = "Stores the history in Redis, for example at localhost:6379. [default: in memory]",
        };
        var otlp = new Option<string?>("--otlp")
        {
            Description = "Exports metrics, traces, and logs through OpenTelemetry, for example to http://localhost:4317. Configure the exporter "
                + "further with environment variables, such as OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf. [default: none]",
        };
        host.Validators.Add(CheckHost);
        logging.Validators.Add(CheckLogging);
        redis.Validators.Add(CheckRedis);
        otlp.Validators.Add(CheckOtlp);
        foreach (var option in new Option[] { host, port, logging, redis, otlp })
            _command.Options.Add(option);

        _command.SetAction(result => run(new Settings(
            result.GetRequiredValue(host),
            result.GetRequiredValue(port),
            Levels[result.GetRequiredValue(logging)],
            result.GetValue(redis),
            result.GetValue(otlp))));
    }

    public static CommandLine Create(Func<Settings, Task<int>> run) => new(run);

    public async Task<int> RunAsync(string[] args)
    {
        var result = _command.Parse(args);
        if (result.Errors.Count == 0)
            return await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }); // The host handles the signals.

        await Console.Error.WriteLineAsync($"{result.Errors[0].Message} See --help.");
        return WrongUsage;
    }

    private static int ParsePort(ArgumentResult result)
    {
        if (int.TryParse(result.Tokens[0].Value, out var port) && port is >= IPEndPoint.MinPort and <= IPEndPoint.MaxPort)
            return port;

        result.AddError($"--port is '{result.Tokens[0].Value}'; it must be a number from {IPEndPoint.MinPort} to {IPEndPoint.MaxPort}.");
        return 0;
    }

    private static void CheckHost(OptionResult result)
    {
        var host = result.GetValueOrDefault<string>();
        if (host != "localhost" && (!IPAddress.TryParse(host, out var address) || address.ToString() != host))
            result.AddError($"--host is '{host}'; it must be 'localhost' or an IP address.");
    }

    private static void CheckLogging(OptionResult result)
    {
        var level = result.GetValueOrDefault<string>();
        if (!Levels.ContainsKey(level))
            result.AddError($"--logging is '{level}'; it must be one of {string.Join(", ", Levels.Keys)}.");
    }

    private static void CheckOtlp(OptionResult result)
    {
        var endpoint = result.GetValueOrDefault<string?>();
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            result.AddError($"--otlp is '{endpoint}'; it must be the URL of a collector, such as http://localhost:4317.");
    }

    private static void CheckRedis(OptionResult result)
    {
        var configuration = result.GetValueOrDefault<string?>() ?? "";
        try
        {
            if (ConfigurationOptions.Parse(configuration).EndPoints.Count == 0)
                result.AddError($"--redis is '{configuration}'; it must name a server, such as localhost:6379.");
        }
        catch (ArgumentException e)
        {
            result.AddError($"--redis is not a Redis configuration such as localhost:6379; see '{e.ParamName}' in it.");
        }
    }
}
