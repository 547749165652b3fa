using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using ChatKit.Backplane;
using Microsoft.Extensions.Logging;

namespace ChatKit.Connections.Messages;

/// <summary>
/// Takes the posts of clients to the connections that they belong to, on this node or on another one. Until the first of them, this costs
/// nothing.
/// </summary>
internal sealed class PostOffice(IBackplane backplane, TimeProvider clock, ILogger<WebSocketHandlerRunner> logger)
    : IBackplaneSubscriber, IAsyncDisposable, IDisposable
{
    /// <summary>How long the node that has the connection may take to answer.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    private readonly string _node = RandomNumberGenerator.GetHexString(32, lowercase: true);
    private readonly ConcurrentDictionary<string, Box> _boxes = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource<PostResult>> _pending = new();
    private readonly LazySubscription _subscription = new(backplane);
    private long _lastId;

    /// <summary>Opens a box for a connection of this node. Dispose of it when the connection has ended.</summary>
    /// <param name="info">Describes the connection.</param>
    /// <param name="limit">The maximum size of a post, in bytes. The client may post to an endpoint that accepts more.</param>
    public async ValueTask<Box> OpenAsync(WebSocketConnectionInfo info, int limit)
    {
        await SubscribeAsync().ConfigureAwait(false);
        var box = new Box(this, PostToken.Create(_node, info.Id), info.UserId, limit, new PostQueue(clock));
        if (!_boxes.TryAdd(info.Id, box))
            throw new InvalidOperationException($"There is a connection with the id '{info.Id}' already.");
        return box;
    }

    /// <summary>Takes a post to its connection.</summary>
    /// <param name="text">The token that the client has sent.</param>
    /// <param name="userId">The user who has sent the post; null if the user is anonymous.</param>
    /// <param name="number">The post's number; null if it has none.</param>
    /// <param name="body">The frames, as the client has sent them.</param>
    /// <param name="frames">The frames in the body.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async ValueTask<PostResult> PostAsync(
        string? text,
        string? userId,
        long? number,
        ReadOnlyMemory<byte> body,
        IReadOnlyList<ReadOnlyMemory<byte>> frames,
        CancellationToken cancellationToken)
    {
        if (!PostToken.TryParse(text, out var token))
            return PostResult.Forbidden;
        if (token.Node == _node)
            return await DeliverAsync(token, userId, number, body.Length, frames).ConfigureAwait(false);

        await SubscribeAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        var answer = new TaskCompletionSource<PostResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var id = Interlocked.Increment(ref _lastId);
        _pending.TryAdd(id, answer);
        try
        {
            var forward = new Forward(id, _node, Token: text, User: userId, Number: number, Body: body.ToArray());
            var nodes = await backplane.AnnounceToAsync(RoomName.OfNode(token.Node), forward.Encode(), cancellationToken).ConfigureAwait(false);
            return nodes == 0 ? PostResult.Gone : await answer.Task.WaitAsync(AnswerTimeout, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return PostResult.Gone;
        }
        catch (HistoryUnavailableException)
        {
            return PostResult.Busy; // The other nodes cannot be reached now.
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    public void OnMessage(ChatMessage message)
    {
        // Nodes announce posts and answers.
    }

    public void OnAnnouncement(ReadOnlyMemory<byte> announcement)
    {
        if (Forward.Decode(announcement.Span) is not { } forward)
            return;
        if (forward.ReplyTo is not null)
            _ = DeliverAsync(forward);
        else if (_pending.TryGetValue(forward.Id, out var answer))
            answer.TrySetResult(forward.Result);
    }

    public void OnReconnected()
    {
        // A client sends a post again that was not answered.
    }

    public ValueTask DisposeAsync() => _subscription.EndAsync();

    /// <summary>The process ends, and its subscriptions with it.</summary>
    public void Dispose()
    {
    }

    /// <summary>Takes a post of another node to its connection, and answers that node.</summary>
    private async Task DeliverAsync(Forward forward)
    {
        try
        {
            // The node that has received the post has checked the body.
            var result = !PostToken.TryParse(forward.Token, out var token) ? PostResult.Forbidden
                : !PostBody.TryRead(forward.Body, out var frames, out _) ? PostResult.Busy
                : await DeliverAsync(token, forward.User, forward.Number, forward.Body!.Length, frames).ConfigureAwait(false);
            await backplane.AnnounceAsync(RoomName.OfNode(forward.ReplyTo!), new Forward(forward.Id, Result: result).Encode())
                .ConfigureAwait(false);
        }
        catch (Exception e)
        {
            logger.PostNotAnswered(e);
        }
    }

    private ValueTask<PostResult> DeliverAsync(
        PostToken token, string? userId, long? number, int size, IReadOnlyList<ReadOnlyMemory<byte>> frames)
    {
        if (!_boxes.TryGetValue(token.Connection, out var box))
            return new(PostResult.Gone);
        if (!box.Accepts(token, userId))
            return new(PostResult.Forbidden);
        return size > box.Limit ? new(PostResult.TooLarge) : box.Posts.AddAsync(number, frames);
    }

    private Task SubscribeAsync() => _subscription.StartAsync(RoomName.OfNode(_node), this);

    /// <summary>The posts of one connection.</summary>
    internal sealed class Box(PostOffice office, PostToken token, string? userId, int limit, PostQueue posts) : IDisposable
    {
        /// <summary>The text of the token. It is needed once, and not kept.</summary>
        public string Token => token.ToString();

        public int Limit => limit;

        public PostQueue Posts => posts;

        /// <summary>Whether a post belongs to the connection.</summary>
        public bool Accepts(PostToken stated, string? poster) =>
            poster == userId
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(stated.Secret), Encoding.UTF8.GetBytes(token.Secret));

        public void Dispose() => office._boxes.TryRemove(token.Connection, out _);
    }
}
