using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatKit.Monitor.Tests;

/// <summary>What is missing is reported when the page is mapped, with the fix.</summary>
public class MapTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    public async Task Without_a_policy_the_page_is_not_mapped(string? policy)
    {
        await using var app = Build();

        var e = Assert.Throws<InvalidOperationException>(() => app.MapChatKitMonitor("/ops", policy!));

        Assert.Contains("app.MapChatKitMonitor(\"/ops\", \"Operators\")", e.Message);
    }

    [Fact]
    public async Task A_policy_that_does_not_exist_is_reported()
    {
        await using var app = Build();

        var e = Assert.Throws<InvalidOperationException>(() => app.MapChatKitMonitor("/ops", "Oprators"));

        Assert.Contains("AddPolicy(\"Oprators\"", e.Message);
    }

    [Fact]
    public async Task Without_authorization_services_the_exception_names_the_fix()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddChatKit().AddMonitor();
        await using var app = builder.Build();

        var e = Assert.Throws<InvalidOperationException>(() => app.MapChatKitMonitor("/ops", "Operators"));

        Assert.Contains("AddAuthorizationBuilder()", e.Message);
    }

    [Fact]
    public async Task Without_AddMonitor_the_exception_names_the_fix()
    {
        var builder = MonitoredNode.CreateBuilder();
        builder.Services.AddChatKit();
        await using var app = builder.Build();

        var e = Assert.Throws<InvalidOperationException>(() => app.MapChatKitMonitor("/ops", MonitoredNode.Policy));

        Assert.Contains("AddChatKit().AddMonitor()", e.Message);
    }

    [Fact]
    public async Task A_policy_of_a_provider_that_takes_its_time_is_checked_before_the_application_starts()
    {
        var provider = new SlowProvider();
        await using var app = Build(services => services.AddSingleton<IAuthorizationPolicyProvider>(provider));
        app.MapChatKitMonitor("/ops", MonitoredNode.Policy);

        var starting = app.StartAsync(TestContext.Current.CancellationToken);
        provider.Answer.SetResult(null);

        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => starting.Soon());
        Assert.Contains(MonitoredNode.Policy, e.Message);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    public async Task A_node_without_a_name_does_not_start(string? name)
    {
        var builder = MonitoredNode.CreateBuilder();
        builder.Services.AddChatKit().AddMonitor(options => options.NodeName = name!);
        await using var app = builder.Build();

        var e = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains("MonitorOptions.NodeName", e.Message);
    }

    private static WebApplication Build(Action<IServiceCollection>? add = null)
    {
        var builder = MonitoredNode.CreateBuilder();
        builder.Services.AddChatKit().AddMonitor().AddMonitor();
        add?.Invoke(builder.Services);
        return builder.Build();
    }

    private sealed class SlowProvider : IAuthorizationPolicyProvider
    {
        public TaskCompletionSource<AuthorizationPolicy?> Answer { get; } = new();

        public Task<AuthorizationPolicy?> GetPolicyAsync(string policyName) => Answer.Task;

        public Task<AuthorizationPolicy> GetDefaultPolicyAsync() =>
            Task.FromResult(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());

        public Task<AuthorizationPolicy?> GetFallbackPolicyAsync() => Task.FromResult<AuthorizationPolicy?>(null);
    }
}
