using System.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>The request of a handshake that ends when the handler has opened.</summary>
/// <param name="context">The request.</param>
/// <param name="connection">The request's connection.</param>
/// <param name="clean">An execution context that has nothing of a request.</param>
internal sealed class OpeningRequest(HttpContext context, DetachableConnection connection, ExecutionContext? clean)
{
    private HttpContext? _context = context;
    private DetachableConnection? _connection = connection;
    private TaskCompletionSource? _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Returns the request.</summary>
    /// <exception cref="InvalidOperationException">It has ended.</exception>
    public HttpContext Context() => _context ?? throw new InvalidOperationException(
        "The request of this connection has ended. Read what you need from it in OnOpenAsync, or don't call "
        + $"{nameof(ChatKitListenOptionsExtensions.UseChatKitConnections)}() where the server listens.");

    /// <summary>Called when the handler has opened.</summary>
    public void OnOpened()
    {
        _opened!.SetResult();
        (_context, _connection, _opened) = (null, null, null);

        // The spans of messages link to a request whose trace is recorded.
        if (clean is not null && Activity.Current?.Recorded != true)
            ExecutionContext.Restore(clean);
    }

    /// <summary>Runs a connection. Returns when it has ended, or when it has opened and goes on without the request.</summary>
    /// <param name="features">The features of the request.</param>
    /// <param name="run">Runs the connection.</param>
    public async Task RunAsync(IFeatureCollection features, Func<Task> run)
    {
        var (opened, transport) = (_opened!.Task, _connection!);
        var running = run();
        await Task.WhenAny(running, opened).ConfigureAwait(false);
        if (running.IsCompleted || !transport.TryDetach(features, running))
            await running.ConfigureAwait(false);
    }
}
