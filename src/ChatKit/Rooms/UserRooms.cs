using System.Collections.Concurrent;
using ChatKit.Backplane;
using ChatKit.Rooms.Events;
using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms;

/// <summary>Asks all nodes for the rooms that a user's connections are in. Until the first question, this costs nothing.</summary>
internal sealed class UserRooms(IBackplane backplane, TimeProvider clock, ILogger<Room> logger) : IBackplaneSubscriber, IAsyncDisposable, IDisposable
{
    /// <summary>How long the nodes have to answer. They answer from memory.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <summary>The room in which this node receives the answers. Starts with a control character, unlike any room that a client can name.</summary>
    private readonly string _replyTo = $"\u0001answers:{Guid.NewGuid():n}";

    private readonly LazySubscription _subscription = new(backplane);
    private readonly ConcurrentDictionary<string, Question> _questions = new();

    /// <summary>Returns the rooms of a user, on all nodes that answer in time.</summary>
    /// <exception cref="HistoryUnavailableException">The nodes cannot be asked.</exception>
    public async ValueTask<IReadOnlyCollection<string>> GetAsync(string userId, CancellationToken cancellationToken)
    {
        await _subscription.StartAsync(_replyTo, this).WaitAsync(cancellationToken).ConfigureAwait(false);
        var (id, question) = (Guid.NewGuid().ToString("n"), new Question());
        _questions.TryAdd(id, question);
        try
        {
            var command = Announcement.Encode(new UserCommand.List(id, _replyTo));
            question.Expect(await backplane.AnnounceToAsync(RoomName.OfUser(userId), command, cancellationToken).ConfigureAwait(false));
            await question.Answered.WaitAsync(Timeout, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (question.Missing is > 0 and var missing)
                logger.RoomsIncomplete(missing);
            return question.Rooms;
        }
        finally
        {
            _questions.TryRemove(id, out _);
        }
    }

    public void OnMessage(ChatMessage message)
    {
        // Nodes announce their answers.
    }

    public void OnAnnouncement(ReadOnlyMemory<byte> announcement)
    {
        if (RoomsAnswer.Decode(announcement.Span) is { } answer && _questions.TryGetValue(answer.Id, out var question))
            question.Add(answer);
    }

    public void OnReconnected()
    {
        // An answer that was lost is not sent again.
    }

    public ValueTask DisposeAsync() => _subscription.EndAsync();

    /// <summary>The process ends, and its subscriptions with it.</summary>
    public void Dispose()
    {
    }

    private sealed class Question
    {
        private readonly Lock _gate = new();
        private readonly HashSet<string> _rooms = [];
        private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _answers;
        private int? _expected;

        /// <summary>Completes when all nodes have answered, if their number is known.</summary>
        public Task Answered => _answered.Task;

        /// <summary>The number of nodes that have not answered; null if it is unknown.</summary>
        public int? Missing
        {
            get
            {
                lock (_gate)
                    return _expected - _answers;
            }
        }

        public IReadOnlyCollection<string> Rooms
        {
            get
            {
                lock (_gate)
                    return [.. _rooms];
            }
        }

        public void Expect(int? answers)
        {
            lock (_gate)
                _expected = answers;
            EndIfAnswered();
        }

        public void Add(RoomsAnswer answer)
        {
            lock (_gate)
            {
                _rooms.UnionWith(answer.Rooms);
                _answers += answer.IsLast ? 1 : 0;
            }

            EndIfAnswered();
        }

        private void EndIfAnswered()
        {
            if (Missing <= 0)
                _answered.TrySetResult();
        }
    }
}
