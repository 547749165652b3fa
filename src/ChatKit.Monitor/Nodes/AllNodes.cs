using System.Collections.Concurrent;
using ChatKit.Monitor.Reports;
using Microsoft.Extensions.Logging;

namespace ChatKit.Monitor.Nodes;

/// <summary>Asks all nodes, and gathers their answers. Until the first question, this costs nothing.</summary>
internal sealed class AllNodes(IBackplane backplane, NodeReporter reporter, TimeProvider clock, ILogger<MonitorNode> logger)
    : IBackplaneSubscriber, IAsyncDisposable, IDisposable
{
    /// <summary>The time that the nodes have to answer. They answer from memory, and after a PING of Redis.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1.5);

    private readonly string _replyTo = $"{MonitorNode.Room}:{Guid.NewGuid():n}";
    private readonly ConcurrentDictionary<string, Gathering> _gatherings = new();
    private readonly Lock _gate = new();
    private Task<IAsyncDisposable>? _subscription;

    /// <summary>Asks a question. If the other nodes can't be asked, only this node answers.</summary>
    public async Task<Answers> AskAsync(QuestionKind kind, string? text, string? reason, CancellationToken cancellationToken)
    {
        var question = new Question(Guid.NewGuid().ToString("n"), _replyTo, kind, text, reason);
        var gathering = new Gathering();
        _gatherings[question.Id] = gathering;
        var isAlone = false;
        try
        {
            gathering.Expect(await AnnounceAsync(question).WaitAsync(Limit, clock, cancellationToken).ConfigureAwait(false));
            await gathering.Completed.WaitAsync(Limit, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Redis is unavailable, or a backplane of the application's own has failed. What this node says about its health explains it.
            isAlone = true;
        }
        finally
        {
            _gatherings.TryRemove(question.Id, out _);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (!gathering.Has(reporter.NodeId))
            gathering.Add(await reporter.AnswerAsync(question, cancellationToken).ConfigureAwait(false));
        var answers = new Answers(gathering.All, gathering.Missing, isAlone);
        if (answers.Missing > 0)
            logger.Unanswered(answers.Missing.Value);
        return answers;
    }

    public void OnMessage(ChatMessage message)
    {
        // Nodes announce their answers.
    }

    public void OnAnnouncement(ReadOnlyMemory<byte> announcement)
    {
        // An answer is long, and the messages of all rooms come on this thread.
        if (!_gatherings.IsEmpty)
            ThreadPool.UnsafeQueueUserWorkItem(Take, announcement.ToArray(), preferLocal: false);
    }

    public void OnReconnected()
    {
        // A page asks again.
    }

    public async ValueTask DisposeAsync()
    {
        if (_subscription is { IsCompletedSuccessfully: true } subscription)
            await (await subscription.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The process ends, and its subscriptions with it.</summary>
    public void Dispose()
    {
    }

    private void Take(byte[] announcement)
    {
        if (Answer.Decode(announcement) is { } answer && _gatherings.TryGetValue(answer.Id, out var gathering))
            gathering.Add(answer);
    }

    private async Task<int?> AnnounceAsync(Question question)
    {
        await SubscribeAsync().ConfigureAwait(false);
        return await backplane.AnnounceToAsync(MonitorNode.Room, question.Encode()).ConfigureAwait(false);
    }

    private Task<IAsyncDisposable> SubscribeAsync()
    {
        lock (_gate)
        {
            if (_subscription is null or { IsFaulted: true } or { IsCanceled: true })
                _subscription = backplane.SubscribeAsync(_replyTo, this).AsTask();
            return _subscription;
        }
    }

    /// <summary>The answers to a question.</summary>
    /// <param name="All">The answers, at most one of each node.</param>
    /// <param name="Missing">The number of nodes that haven't answered; null if the number of nodes isn't known.</param>
    /// <param name="IsAlone">Whether the other nodes couldn't be asked.</param>
    internal sealed record Answers(IReadOnlyCollection<Answer> All, int? Missing, bool IsAlone);

    private sealed class Gathering
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<string, Answer> _answers = [];
        private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int? _expected;

        /// <summary>Completes when all nodes have answered, if their number is known.</summary>
        public Task Completed => _completed.Task;

        public IReadOnlyCollection<Answer> All
        {
            get
            {
                lock (_gate)
                    return [.. _answers.Values];
            }
        }

        public int? Missing
        {
            get
            {
                lock (_gate)
                    return _expected is { } expected ? Math.Max(0, expected - _answers.Count) : null;
            }
        }

        public bool Has(string nodeId)
        {
            lock (_gate)
                return _answers.ContainsKey(nodeId);
        }

        public void Expect(int? answers)
        {
            lock (_gate)
                _expected = answers;
            CompleteIfAnswered();
        }

        public void Add(Answer answer)
        {
            lock (_gate)
                _answers[answer.NodeId] = answer;
            CompleteIfAnswered();
        }

        private void CompleteIfAnswered()
        {
            if (Missing == 0)
                _completed.TrySetResult();
        }
    }
}
