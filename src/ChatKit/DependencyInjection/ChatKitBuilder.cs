using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.DependencyInjection;

internal sealed record ChatKitBuilder(IServiceCollection Services) : IChatKitBuilder;
