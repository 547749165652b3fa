using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ChatKit.Redis;

internal sealed class RedisOptionsValidator(IServiceProviderIsService? registered = null) : IValidateOptions<RedisOptions>
{
    public const string NoServer =
        "AddRedis() has no address for Redis. Call AddRedis(\"localhost:6379\"), or register an IConnectionMultiplexer.";

    private const int MaxPrefixLength = 100;

    public ValidateOptionsResult Validate(string? name, RedisOptions options)
    {
        var problems = new List<string>();
        if (options.Configuration is { } configuration)
            problems.AddRange(ConfigurationProblems(configuration));
        else if (registered?.IsService(typeof(IConnectionMultiplexer)) == false)
            problems.Add(NoServer);

        if (string.IsNullOrEmpty(options.KeyPrefix) || options.KeyPrefix.Length > MaxPrefixLength || options.KeyPrefix.AsSpan().ContainsAny('{', '}'))
        {
            problems.Add(
                $"{nameof(RedisOptions)}.{nameof(RedisOptions.KeyPrefix)} is '{options.KeyPrefix}'; "
                + $"it must have 1 to {MaxPrefixLength} characters, without braces.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    // The message doesn't contain the configuration string, which may include a password.
    private static IEnumerable<string> ConfigurationProblems(string configuration)
    {
        const string Property = $"{nameof(RedisOptions)}.{nameof(RedisOptions.Configuration)}";
        string? problem = null;
        try
        {
            if (ConfigurationOptions.Parse(configuration).EndPoints.Count == 0)
                problem = $"{Property} names no server; it must start with 'host:port'.";
        }
        catch (ArgumentException e)
        {
            problem = $"{Property} is not a StackExchange.Redis configuration string such as 'localhost:6379': {e.Message}";
        }

        return problem is null ? [] : [problem];
    }
}
