using ChatKit.Client.Connections;
using ChatKit.Client.Protocol;

namespace ChatKit.Client.Outboxes;

internal sealed partial class Outbox
{
    private void Transmit(OutboxEntry entry)
    {
        var link = Current;
        if (entry.IsStoring || (link is not null && entry.SentOn == link))
            return;
        var isIn = link?.IsIn(entry.Room) ?? false;
        if (link is not null && entry.Frame.Length > link.Welcome!.Limit)
            Settle(entry, new ChatException(ChatErrorCodes.TooBig, $"The message is larger than the server's limit of {link.Welcome.Limit} bytes."));
        else if (IsStale(entry) || (entry.IsLeft && !isIn))
            Abandon(entry);
        else if (_isLoaded && isIn && link is { IsOpen: true } && !_hold.IsSet)
            Send(link, entry);
    }

    private void Send(Link link, OutboxEntry entry)
    {
        var isFirst = entry.SentAt is null;
        entry.SentAt ??= Moment.Now(session.Time);
        (entry.User, entry.SentOn, entry.Index) = (session.Connector.User, link, link.Sent);

        // Before it is sent, because the process can end at any time.
        link.Send(entry.Frame, isFirst && _store is not null ? _store.MarkAsync(ToStored(entry)) : null, isMessage: true);
        session.Telemetry.Sent(isRepeat: !isFirst);
    }

    /// <summary>Too old for the server to know its ref, or possibly from another user.</summary>
    private bool IsStale(OutboxEntry entry) =>
        (entry.SentAt is { } sentAt && sentAt.Age(session.Time) > session.Settings.Times.Resend)
        || (Current is not null && (entry.User ?? "") != session.Connector.User);

    /// <summary>The server accepts no other message until it receives the refused one again.</summary>
    private void Hold(Link link, OutboxEntry refused, ServerFrame error)
    {
        if (_hold.IsSet || link != session.Connector.Current)
            return;
        link.Unqueue();
        _hold.Set(session.Settings.Times.Backoff.After(_holds++), () =>
        {
            foreach (var entry in _entries)
                entry.SentOn = null;
            Transmit();

            // It was too old, or its room was left, but the server waits for it until the connection ends.
            if (Current is { IsOpen: true } && refused.SentOn is null)
                session.Connector.Open();
        });
        session.Emit(new ErrorReceived
        {
            Room = refused.Room ?? session.Home,
            Ref = refused.Ref,
            Code = error.Code!,
            Description = error.Text ?? error.Code!,
        });
    }

    private void Abandon(OutboxEntry entry) => Settle(entry, entry.SentAt is not null
        ? new ChatException(ChatErrorCodes.Unknown, "The server may or may not have handled the message.")
        : new ChatException(ChatErrorCodes.Closed, "The connection was closed before the message was sent."));

    private void Settle(OutboxEntry entry, ChatException problem)
    {
        Remove(entry);
        session.Telemetry.Failed(entry, problem.Code);
        entry.Outcome.TrySetException(problem);
        var pending = entry.Describe(session.Home);
        session.Emit(new ErrorReceived
        {
            Room = pending.Room,
            Ref = pending.Ref,
            Kind = pending.Kind,
            Position = pending.Position,
            Text = pending.Text,
            Bytes = pending.Bytes,
            Json = pending.Json,
            Code = problem.Code,
            Description = problem.Message,
        });
    }
}
