namespace Microsoft.Extensions.DependencyInjection;

/// <summary>A builder for more ChatKit services, such as <c>AddRedis</c>. <c>AddChatKit()</c> returns it.</summary>
public interface IChatKitBuilder
{
    /// <summary>The application's service collection.</summary>
    IServiceCollection Services { get; }
}
