using System.Collections.Concurrent;
using System.Security.Claims;
using ChatKit.TestKit.Verification;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.ChaosTests.Harness;

/// <summary>
/// The server of the chaos test. Its handlers act differently each time that they handle a message, also if the client sends it again. The
/// server lists the connections, the presence, and the messages of a room, counts what a user has not read, and disconnects users.
/// </summary>
internal static class UnsteadyServer
{
    public const string Command = "serve-unsteady";

    /// <summary>The query parameter with the user.</summary>
    public const string User = "user";

    /// <summary>The users of this node's connections, by connection id.</summary>
    private static readonly ConcurrentDictionary<string, string> Connected = new();

    /// <inheritdoc cref="Server.RunAsync(int, string?, bool)"/>
    public static async Task RunAsync(int port, string? redis, bool sockets)
    {
        await using var app = Server.Create<UnsteadyRoom>(
            port,
            redis,
            static options =>
            {
                options.Transports = ChatTransports.All;
                options.TrackPresence = options.AllowClientJoins = options.TrackReads = options.ShareReads = true;
            },
            sockets);
        app.Use((context, next) =>
        {
            if (context.Request.Query[User] is [{ } user])
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user)], "query"));
            return next(context);
        });
        app.MapGet("/connected/{user}", static (string user) => string.Join('\n', Connected.Where(one => one.Value == user).Select(static one => one.Key)));
        app.MapGet("/present/{room}", static async (string room, IRoomPresence presence) => string.Join('\n', await presence.ListAsync(room)));
        app.MapGet("/stored/{room}", static (string room, IMessageHistory history) => AnswerAsync(async () =>
            string.Join('\n', (await history.ReadAsync(room)).Messages.Select(Line))));
        app.MapGet("/unread/{room}/{user}", static (string room, string user, IRoomReads reads) => AnswerAsync(async () =>
            $"{(await reads.GetUnreadAsync(user, [room]))[room]}"));
        app.MapPost("/kick/{user}", static (string user, IRoomBroadcaster rooms) => AnswerAsync(async () =>
        {
            await rooms.DisconnectUserAsync(user);
            return "";
        }));
        await Server.RunAsync(app);
    }

    private static async Task<IResult> AnswerAsync(Func<Task<string>> answer)
    {
        try
        {
            return Results.Text(await answer());
        }
        catch (HistoryUnavailableException)
        {
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }

    /// <summary>A stored message as <see cref="Agreement"/> reads it. No text of a bot contains a tab or a line break.</summary>
    private static string Line(ChatMessage message) => $"{message.Position}\t{(message.IsDeleted ? "deleted" : "")}\t{message.Text}";

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
            // Each message of a client that polls is the first of a connection.
            var greets = !_greeted && Connection.Transport != ChatTransports.Polling;
            _greeted = true;
            if (greets || Random.Shared.Next(4) == 0)
                await NoteAsync(message.Text);
            await BroadcastAsync(message.Text);
            if (Random.Shared.Next(8) == 0)
                await NoteAsync(message.Text);
        }

        protected override async ValueTask OnEditAsync(EditRequest request)
        {
            ThrowUnlessAuthor(request.Original);
            if (Random.Shared.Next(8) == 0)
                await NoteAsync(request.Message.Text);
            await EditAsync(request.Position, request.Message.Text, request.Room);
        }

        protected override async ValueTask OnDeleteAsync(DeleteRequest request)
        {
            ThrowUnlessAuthor(request.Original);
            await DeleteAsync(request.Position, request.Room);
        }

        protected override ValueTask OnSignalAsync(RoomSignal signal) => SignalAsync(signal.Name, signal.Data, signal.Room);

        protected override ValueTask OnCloseAsync(CloseInfo close)
        {
            Connected.TryRemove(Connection.Id, out _);
            return ValueTask.CompletedTask;
        }

        private void ThrowUnlessAuthor(ChatMessage original)
        {
            if (original.From != Connection.UserId)
                throw new MessageRefusedException("forbidden", "The message is of another user.");
        }

        private ValueTask NoteAsync(string text) => BroadcastAsync($"{Verifier.Note}{Verifier.Beginning(text)}:{Guid.NewGuid():n}");
    }
}
