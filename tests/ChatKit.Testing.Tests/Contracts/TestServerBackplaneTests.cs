using ChatKit.TestKit.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Testing.Tests.Contracts;

/// <summary>The backplane of the test server itself, with two nodes.</summary>
public sealed class TestServerBackplaneTests : BackplaneContractTests, IAsyncDisposable
{
    private readonly List<ChatTestServer> _servers = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
    }

    protected override async Task<(IBackplane One, IBackplane Other, IMessageHistory History)> CreateAsync()
    {
        var one = await ChatTestServer.StartAsync(static _ => { }, static _ => { });
        _servers.Add(one);
        var other = await one.AddNodeAsync();
        return (
            one.Services.GetRequiredService<IBackplane>(),
            other.Services.GetRequiredService<IBackplane>(),
            other.Services.GetRequiredService<IMessageHistory>());
    }

    protected override async Task<(IBackplane One, IBackplane Other)> CreateFailingAsync()
    {
        var (one, other, _) = await CreateAsync();
        _servers[^1].IsStoreAvailable = false;
        return (one, other);
    }
}
