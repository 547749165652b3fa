using System.Globalization;
using System.Net;
using System.Text.Json;
using ChatKit.Client.Connections;
using ChatKit.Client.Protocol;

namespace ChatKit.Client.Transports;

/// <summary>
/// Receives frames with one request after the other, and posts each frame of the client. To the server, each request is a connection of its own;
/// to the client, they are one, which ends when a request fails.
/// </summary>
internal sealed class PollingTransport(Settings settings, string? token) : Transport(settings, token)
{
    /// <summary>Servers and proxies refuse longer addresses.</summary>
    private const int MaxAddress = 7_500;

    /// <summary>Rooms whose positions don't fit into the address answer every poll at once.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly PolledRooms _rooms = new();
    private IHandshake? _handshake;
    private IFrameSink? _sink;
    private LinkEnd? _postEnd;

    public override async Task<LinkEnd> RunAsync(IHandshake handshake, IFrameSink sink)
    {
        (_handshake, _sink) = (handshake, sink);
        try
        {
            while (true)
            {
                await ThrottleAsync(sink).ConfigureAwait(false);
                var joined = _rooms.Begin(Ending, out var changed);
                try
                {
                    await PollAsync(joined, changed).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (changed.IsCancellationRequested && !Ending.IsCancellationRequested)
                {
                    // The client has joined or left a room meanwhile.
                }
            }
        }
        catch (LinkEndedException e)
        {
            return e.End;
        }
        catch (Exception e) when (IsFailure(e))
        {
            return _postEnd ?? LinkEnd.Broken(HttpRequests.Describe(e)) with { IsUnknown = !Ending.IsCancellationRequested };
        }
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> frame)
    {
        var sent = JsonSerializer.Deserialize(frame.Span, FrameContext.Default.ServerFrame)!;
        switch (sent.Type)
        {
            case "join":
                if (!_rooms.TryJoin(sent.Room!, sent.Ref!, MaxAddress - Settings.Address.OriginalString.Length))
                {
                    _sink!.OnFrame(new ServerFrame
                    {
                        Type = "error",
                        Ref = sent.Ref,
                        Code = ChatErrorCodes.TooManyRooms,
                        Text = "Polls have room for no further room.",
                    });
                }

                break;
            case "leave":
                _rooms.Leave(sent.Room!);
                _sink!.OnFrame(new ServerFrame { Type = "ack", Ref = sent.Ref, Room = sent.Room });
                break;
            case "resume" or "pong":
                break;
            default:
                await PostAsync(frame, sent.Ref).ConfigureAwait(false);
                break;
        }
    }

    public override void Dispose()
    {
        _rooms.Dispose();
        base.Dispose();
    }

    private async Task PollAsync(PolledRooms.Room[] joined, CancellationToken changed)
    {
        var wait = _rooms.HasWelcome && Array.TrueForAll(joined, static room => room.Ref is null) ? Settings.Times.PollWait : TimeSpan.Zero;
        var query = new List<string> { "frames=1", string.Create(CultureInfo.InvariantCulture, $"wait={wait.TotalSeconds:0}") };
        query.AddRange(joined.Select(static room => $"join={Uri.EscapeDataString(room.Name)}"));
        var address = _handshake!.AddQuery(MaxAddress - query.Sum(static part => part.Length + 1), isWhole: true, out var isComplete);
        var parts = query.Prepend(address.Query.TrimStart('?')).Where(static part => part.Length > 0);
        address = new UriBuilder(address) { Query = string.Join('&', parts) }.Uri;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ending, changed);
        limit.CancelAfter(wait + Settings.Options.ConnectTimeout);
        using var response = await HttpRequests.GetAsync(Settings, address, Token, HttpRequests.JsonType, limit.Token).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode || response.Content.Headers.ContentType?.MediaType != HttpRequests.JsonType)
        {
            var problem = await HttpRequests.ReadProblemAsync(response, limit.Token).ConfigureAwait(false);
            throw new LinkEndedException(ToEnd(response, problem));
        }

        var body = await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false);
        var poll = JsonSerializer.Deserialize(body, FrameContext.Default.Poll);
        _sink!.OnSign();
        foreach (var frame in _rooms.Take(poll?.Frames ?? [], joined, Settings.Times.PollWait))
            _sink.OnFrame(frame);
        if (!isComplete)
            await Task.Delay(Pause, Settings.Time, limit.Token).ConfigureAwait(false);
    }

    private async Task PostAsync(ReadOnlyMemory<byte> body, string? reference)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ending);
        limit.CancelAfter(Settings.Options.ConnectTimeout);
        using var response = await HttpRequests.PostAsync(Settings, Settings.Address, Token, body, [], limit.Token).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NoContent)
            return;
        if (response.IsSuccessStatusCode)
        {
            _sink!.OnFrame(await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false));
            return;
        }

        var problem = await HttpRequests.ReadProblemAsync(response, limit.Token).ConfigureAwait(false);
        var code = problem.Code ?? CodeOf(response.StatusCode);
        if (code is null || problem.CloseCode is not null)
        {
            End(ToEnd(response, problem));
            return;
        }

        _sink!.OnFrame(new ServerFrame
        {
            Type = "error",
            Ref = problem.Ref ?? reference,
            Code = code,
            Text = problem.Detail ?? $"The server has answered {(int)response.StatusCode}.",
            Retry = problem.Retry ?? HttpRequests.DelayOf(response)?.TotalSeconds,
        });
        if (code == ChatErrorCodes.RateLimited)
            End(new LinkEnd(LinkEnd.Policy, problem.Detail ?? ""));
    }

    /// <summary>Once the server has let the client in, 401 means that the credentials have expired. The next connection has new ones.</summary>
    private LinkEnd ToEnd(HttpResponseMessage response, Problem problem)
    {
        var end = HttpRequests.ToEnd(response.StatusCode, problem, HttpRequests.DelayOf(response));
        return _rooms.HasWelcome && response.StatusCode == HttpStatusCode.Unauthorized ? end with { Earliest = TimeSpan.Zero } : end;
    }

    /// <summary>A frame that isn't sent again, although what refuses it doesn't speak the protocol, for example a proxy.</summary>
    private static string? CodeOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.RequestEntityTooLarge => ChatErrorCodes.TooBig,
        HttpStatusCode.BadRequest or HttpStatusCode.UnsupportedMediaType => ChatErrorCodes.Malformed,
        _ => null,
    };

    private void End(LinkEnd end)
    {
        _postEnd = end;
        Abort();
    }
}
