using ChatKit.History;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>Keeps the last messages of each room in Redis. All nodes share them, and they survive a restart.</summary>
internal sealed class RedisMessageHistory(
    RedisConnection connection, RedisRooms rooms, IOptions<RedisOptions> redis, IOptions<ChatKitOptions> options) : IMessageHistory
{
    private const string NotStored = "The message was not stored and was not delivered";
    private const string NotChanged = "The message was not changed";

    private readonly RedisHistoryReader _reader = new(connection, rooms, redis, options);
    private readonly RedisAppender _appender = new(connection, options);
    private readonly SpareEpoch _spare = new();

    public ValueTask<AppendResult> AppendAsync(string room, ChatMessage message, int? capacity, CancellationToken cancellationToken) =>
        AppendAsync(room, message, capacity, publish: false, cancellationToken);

    /// <summary>Appends a message and publishes it in the same step, if it is new.</summary>
    public async ValueTask<AppendResult> AppendAsync(
        string room, ChatMessage message, int? capacity, bool publish, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room, message, capacity);
        cancellationToken.ThrowIfCancellationRequested();
        var append = new RedisAppend(RedisEntry.Encode(message), capacity, message.IdempotencyKey, publish);
        try
        {
            var index = 0;
            var appending = rooms.AppendsOf(room)?.Add(_appender, append, out index) ?? _appender.AppendAsync(rooms[room], [append]);
            return (await appending.WaitAsync(cancellationToken).ConfigureAwait(false))[index];
        }
        catch (Exception e) when (connection.UnavailableOf(e, NotStored) is { } unavailable)
        {
            throw unavailable;
        }
    }

    public ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken) =>
        ChangeAsync(room, change, publish: false, cancellationToken);

    /// <summary>Changes a message and publishes it in the same step.</summary>
    public async ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, bool publish, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room, change);
        cancellationToken.ThrowIfCancellationRequested();
        var (to, epoch) = (rooms[room], _spare.Peek());
        var (known, revision) = to.Known;
        var (flags, tail) = RedisEntry.Encode(change);
        try
        {
            var database = await connection.GetDatabaseAsync().ConfigureAwait(false);
            rooms.AppendsOf(room)?.Flush();
            var answer = await RedisScripts.Change.RunAsync(
                database,
                to.KeysFor(change.IdempotencyKey),
                [
                    change.Position.Epoch,
                    change.Position.Sequence,
                    change.IsDeletion ? 1 : 0,
                    flags,
                    tail,
                    (long)options.Value.RoomTimeToLive.TotalMilliseconds,
                    epoch,
                    (long)IdempotencyKeys.Lifetime.TotalMilliseconds,
                    known.Epoch,
                    known.Sequence,
                    revision,
                    publish ? connection.PublishCommand : "",
                    publish ? connection.NameInScripts(to.Channel) : "",
                ],
                cancellationToken).ConfigureAwait(false);
            var outcome = (ChangeOutcome)(int)answer[0];
            if (outcome != ChangeOutcome.Changed)
                return new ChangeResult(outcome);

            var top = new MessagePosition((string)answer[1]!, (long)answer[2]);
            if (top.Epoch == epoch)
                _spare.Used(epoch);
            to.Note(top, (long)answer[3]);
            return new ChangeResult(outcome, _reader.Decode((RedisValue)answer[4], top with { Sequence = change.Position.Sequence }));
        }
        catch (Exception e) when (connection.UnavailableOf(e, NotChanged) is { } unavailable)
        {
            _spare.Used(epoch);
            throw unavailable;
        }
    }

    public ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after, CancellationToken cancellationToken) =>
        _reader.ReadAsync(room, after, revision: null, limit: null, cancellationToken);

    public ValueTask<HistoryPage> ReadAsync(string room, StreamPosition? after, int? limit, CancellationToken cancellationToken) =>
        _reader.ReadAsync(room, after?.Message, after is null ? null : after.Value.Revision ?? 0, limit, cancellationToken);

    public ValueTask<OlderMessages> ReadBeforeAsync(string room, MessagePosition? before, int limit, CancellationToken cancellationToken) =>
        _reader.ReadBeforeAsync(room, before, limit, cancellationToken);

    /// <summary>
    /// Starts a new epoch if Redis has lost messages or changes that this node has seen. Otherwise new messages would take the positions of
    /// messages that clients have received.
    /// </summary>
    /// <exception cref="HistoryUnavailableException">Redis can't be reached, or refuses the command.</exception>
    public async ValueTask ForkIfRewoundAsync(RedisRoom room)
    {
        var ((known, revision), epoch) = (room.Known, _spare.Peek());
        if (known == MessagePosition.None)
            return;

        try
        {
            var database = await connection.GetDatabaseAsync().ConfigureAwait(false);
            var answer = await RedisScripts.Fork.RunAsync(
                database, room.Keys, [known.Epoch, known.Sequence, epoch, revision], CancellationToken.None).ConfigureAwait(false);
            if (answer.Length == 0)
                return;

            var position = new MessagePosition((string)answer[0]!, (long)answer[1]);
            if (position.Epoch == epoch)
                _spare.Used(epoch);
            room.Note(position, (long)answer[2]);
        }
        catch (Exception e) when (connection.UnavailableOf(e, RedisHistoryReader.NotRead) is { } unavailable)
        {
            _spare.Used(epoch);
            throw unavailable;
        }
    }
}
