using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Hosting;

namespace ChatKit.Monitor.Endpoints;

/// <summary>Checks that the policies exist that the application has named.</summary>
internal sealed class PolicyChecks : IHostedService
{
    private readonly List<Task> _pending = [];

    /// <summary>The application doesn't start if a policy doesn't exist.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => Task.WhenAll(_pending).WaitAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Checks a policy now; or before the application starts, if a provider of the application's own has to wait for it.</summary>
    /// <exception cref="InvalidOperationException">There is no such policy.</exception>
    public void Check(IAuthorizationPolicyProvider? policies, string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            throw new InvalidOperationException(
                "The operators' page shows messages and disconnects users, so it has no default access. Name the authorization policy of your "
                + "operators: app.MapChatKitMonitor(\"/ops\", \"Operators\").");
        }

        if (policies is null)
        {
            throw new InvalidOperationException(
                "The operators' page requires authorization. Call builder.Services.AddAuthorizationBuilder().AddPolicy("
                + $"\"{name}\", policy => policy.RequireRole(…)) before builder.Build().");
        }

        var check = CheckAsync(policies, name);
        if (check.IsCompleted)
            check.GetAwaiter().GetResult();
        else
            _pending.Add(check);
    }

    private static async Task CheckAsync(IAuthorizationPolicyProvider policies, string name)
    {
        if (await policies.GetPolicyAsync(name).ConfigureAwait(false) is null)
        {
            throw new InvalidOperationException(
                $"There is no authorization policy '{name}', which the operators' page requires. Add it before builder.Build(): "
                + $"builder.Services.AddAuthorizationBuilder().AddPolicy(\"{name}\", policy => policy.RequireRole(…)).");
        }
    }
}
