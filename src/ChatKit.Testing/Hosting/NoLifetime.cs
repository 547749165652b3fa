using Microsoft.Extensions.Hosting;

namespace ChatKit.Testing.Hosting;

/// <summary>The lifetime of a node that only its test stops: it handles no signals of the process.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
