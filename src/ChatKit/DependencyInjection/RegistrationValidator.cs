using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatKit.DependencyInjection;

/// <summary>Fails at startup if the application registered its own history or backplane with a lifetime other than singleton.</summary>
internal sealed class RegistrationValidator(IServiceCollection services) : IValidateOptions<ChatKitOptions>
{
    private static readonly Type[] Shared = [typeof(IMessageHistory), typeof(IBackplane)];

    public ValidateOptionsResult Validate(string? name, ChatKitOptions options)
    {
        var problems = Shared
            .Select(type => services.LastOrDefault(service => service.ServiceType == type && !service.IsKeyedService))
            .Where(static service => service is { Lifetime: not ServiceLifetime.Singleton })
            .Select(static service => $"{service!.ServiceType.Name} is registered as {service.Lifetime}, but all rooms of the application "
                + $"share one instance. Register it with services.AddSingleton<{service.ServiceType.Name}, …>(). To use scoped services, "
                + "create scopes with IServiceScopeFactory.")
            .ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
