namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What <c>AddChatKit()</c> returns, for further registrations such as <c>AddRedis</c>.</summary>
public interface IChatKitBuilder
{
    /// <summary>The application's services.</summary>
    IServiceCollection Services { get; }
}
