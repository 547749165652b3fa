using ChatKit.Client.Connections;
using ChatKit.Client.Protocol;

namespace ChatKit.Client.Rooms;

/// <summary>
/// Recognizes what has no position. While there are two connections, what was sent to the user or to a room arrives on both. Under the session's
/// lock.
/// </summary>
internal sealed class Passing(Session session)
{
    /// <summary>The number of different frames that are compared.</summary>
    private const int Max = 1_024;

    /// <summary>Counts a frame. Returns whether no other connection has received it.</summary>
    public bool IsFirst(Link link, ServerFrame frame)
    {
        if (!session.Connector.Replacement.IsActive)
        {
            link.Passing = null;
            return true;
        }

        var content = $"{frame.Name}\n{frame.Data}\n{frame.JsonOrNull?.GetRawText()}\n{frame.Base64?.Length}";
        var key = $"{frame.Type}\n{frame.Room}\n{frame.At.Ticks}\n{frame.From}\n{content}";
        var passing = link.Passing ??= [];
        if (passing.Count >= Max)
            passing.Clear();
        var count = passing[key] = passing.GetValueOrDefault(key) + 1;
        return session.Connector.Related(link).TrueForAll(other => (other.Passing?.GetValueOrDefault(key) ?? 0) < count);
    }
}
