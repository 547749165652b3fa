using System.Collections.Concurrent;
using System.Security.Claims;
using ChatKit.TestKit.Verification;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.ChaosTests.Harness;

/// <summary>
/// The server of the chaos test. Its handlers act differently each time that they handle a message, also if the client sends it again. The
/// server lists the connections and the presence of a room, and disconnects users.
/// </summary>
internal static class UnsteadyServer
{
    public const string Command = "serve-unsteady";

    /// <summary>The query parameter with the user.</summary>
    public const string User = "user";

    /// <summary>The users of this node's connections, by connection id.</summary>
    private static readonly ConcurrentDictionary<string, string> Connected = new();

    /// <inheritdoc cref="Server.RunAsync(int, string?)"/>
    public static async Task RunAsync(int port, string? redis)
    {
        await using var app = Server.Create<UnsteadyRoom>(port, redis, static options => options.TrackPresence = true);
        app.Use((context, next) =>
        {
            if (context.Request.Query[User] is [{ } user])
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user)], "query"));
            return next(context);
        });
        app.MapGet("/connected/{user}", static (string user) => string.Join('\n', Connected.Where(one => one.Value == user).Select(static one => one.Key)));
        app.MapGet("/present/{room}", static async (string room, IRoomPresence presence) => string.Join('\n', await presence.ListAsync(room)));
        app.MapPost("/kick/{user}", static async (string user, IRoomBroadcaster rooms) =>
        {
            try
            {
                await rooms.DisconnectUserAsync(user);
                return Results.NoContent();
            }
            catch (HistoryUnavailableException)
            {
                return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
            }
        });
        await Server.RunAsync(app);
    }

    /// <summary>
    /// Sends a greeting before the first text of a connection, and randomly sends notes before or after other texts. So when a text is handled
    /// again, on this node or another, other messages precede it than the first time.
    /// </summary>
    private sealed class UnsteadyRoom : WebSocketHandler
    {
        private bool _greeted;

        protected override ValueTask OnOpenAsync()
        {
            Connected[Connection.Id] = Connection.UserId ?? "";
            return ValueTask.CompletedTask;
        }

        protected override async ValueTask OnMessageAsync(WebSocketMessage message)
        {
            var greets = !_greeted;
            _greeted = true;
            if (greets || Random.Shared.Next(4) == 0)
                await NoteAsync(message.Text);
            await BroadcastAsync(message.Text);
            if (Random.Shared.Next(8) == 0)
                await NoteAsync(message.Text);
        }

        protected override ValueTask OnCloseAsync(CloseInfo close)
        {
            Connected.TryRemove(Connection.Id, out _);
            return ValueTask.CompletedTask;
        }

        private ValueTask NoteAsync(string text) => BroadcastAsync($"{Verifier.Note}{Verifier.Beginning(text)}:{Guid.NewGuid():n}");
    }
}
