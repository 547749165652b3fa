using System.Net.WebSockets;
using Product = ChatKit.Client;

namespace ChatKit.TestKit.Client;

/// <summary>Translates the events of the product into those that tests compare.</summary>
internal static class Translation
{
    /// <summary>Returns null for an event that tests don't use.</summary>
    public static ChatEvent? ToTest(Product.ChatEvent happened) => happened switch
    {
        Product.MessageReceived message => new MessageReceived(
            message.Room, message.Position?.ToString(), message.From, message.At, message.Text, message.Bytes?.ToArray(),
            message.EditedAt is not null, message.IsDeleted),
        Product.MessageChanged change => new MessageChanged(
            change.Room!, change.Position.ToString(), change.Revision, change.Text, change.Bytes?.ToArray(), change.IsDeleted),
        Product.GapDetected gap => new GapFound(gap.Room!, gap.After.ToString(), gap.Next?.ToString(), gap.Missed, gap.IsReset),
        Product.RoomLive live => new BecameLive(
            live.Room!, live.At.ToString(), live.Recovered, live.Revision, live.Read?.ToString(), live.Unread),
        Product.ReadMoved read => new ReadMoved(read.Room!, read.User, read.Position.ToString()),
        Product.SignalReceived signal => new SignalReceived(signal.Room!, signal.From, signal.Name, signal.Data),
        Product.ErrorReceived { Ref: null, Room: { } room, Code: not "unavailable" } refused => new JoinRefused(room, refused.Code),
        Product.StateChanged changed => ToTest(changed),
        _ => null,
    };

    private static StateChanged? ToTest(Product.StateChanged changed)
    {
        var code = changed.CloseCode is { } number and not 1006 ? (WebSocketCloseStatus?)number : null;
        return changed.State switch
        {
            Product.ChatState.Live => null,
            Product.ChatState.Closed => new StateChanged(ClientState.Closed, code, changed.Reason),
            Product.ChatState.Reconnecting when changed.RetryAt is not null => new StateChanged(ClientState.Waiting, code, changed.Reason),
            _ => new StateChanged(ClientState.Connecting),
        };
    }
}
