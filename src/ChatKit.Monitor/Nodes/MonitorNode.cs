using System.Threading.Channels;
using ChatKit.Monitor.Reports;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatKit.Monitor.Nodes;

/// <summary>Receives the questions of all nodes, and answers them in the background. Until a question comes, this costs nothing.</summary>
internal sealed class MonitorNode(IBackplane backplane, NodeReporter reporter, TimeProvider clock, ILogger<MonitorNode> logger)
    : BackgroundService, IBackplaneSubscriber
{
    /// <summary>The room of the questions. Starts with a control character, unlike any room that a client can name.</summary>
    public const string Room = "\u0001monitor";

    /// <summary>The number of questions that wait. Each comes from a page that asks again.</summary>
    private const int MaxWaiting = 64;

    /// <summary>The number of questions that are answered at the same time. An overview waits for a slow Redis, and a command must not.</summary>
    private const int MaxConcurrent = 4;

    /// <summary>The time after which a failed subscription is tried again.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    private readonly Channel<Question> _questions = Channel.CreateBounded<Question>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void OnMessage(ChatMessage message)
    {
        // Nodes announce their questions.
    }

    public void OnAnnouncement(ReadOnlyMemory<byte> announcement)
    {
        if (Question.Decode(announcement.Span) is { } question)
            _questions.Writer.TryWrite(question);
    }

    public void OnReconnected()
    {
        // A page asks again.
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var subscription = await SubscribeAsync(stoppingToken).ConfigureAwait(false);
            await using var ends = subscription.ConfigureAwait(false);
            await Parallel.ForEachAsync(
                _questions.Reader.ReadAllAsync(stoppingToken),
                new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrent, CancellationToken = stoppingToken },
                AnswerAsync).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The application is stopping.
        }
    }

    private async Task<IAsyncDisposable> SubscribeAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                return await backplane.SubscribeAsync(Room, this, stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                logger.NotSubscribed(e);
            }

            await Task.Delay(RetryInterval, clock, stoppingToken).ConfigureAwait(false);
        }
    }

    private async ValueTask AnswerAsync(Question question, CancellationToken stoppingToken)
    {
        try
        {
            var answer = await reporter.AnswerAsync(question, stoppingToken).ConfigureAwait(false);

            // An answer can be longer than a usual announcement. See IBackplane.AnnounceToAsync.
            await backplane.AnnounceToAsync(question.ReplyTo, answer.Encode(), stoppingToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            logger.NotAnswered(e);
        }
    }
}
