using System.Text.Json;
using ChatKit.Client.Diagnostics;
using ChatKit.Client.Protocol;
using ChatKit.Client.Transports;

namespace ChatKit.Client.Connections;

/// <summary>What the transport calls, not under the session's lock.</summary>
internal sealed partial class Link : IFrameSink, IHandshake
{
    void IFrameSink.OnSign()
    {
        lock (_session.Gate)
            Hear();
    }

    void IFrameSink.OnFrame(ReadOnlySpan<byte> json)
    {
        ServerFrame? frame = null;
        try
        {
            frame = JsonSerializer.Deserialize(json, FrameContext.Default.ServerFrame);
        }
        catch (JsonException e)
        {
            ClientLog.FrameIgnored(_session.Logger, e);
        }

        ((IFrameSink)this).OnFrame(frame ?? new ServerFrame());
    }

    void IFrameSink.OnFrame(ServerFrame frame)
    {
        lock (_session.Gate)
        {
            Hear();
            if (_isEnded)
                return;
            try
            {
                _session.Frames.Take(this, frame);
            }
            catch (Exception e) when (e is FormatException or ArgumentException)
            {
                ClientLog.FrameIgnored(_session.Logger, e);
            }
        }
    }

    Uri IHandshake.AddQuery(int maxLength, bool isWhole, out bool isComplete)
    {
        lock (_session.Gate)
        {
            _former ??= [.. _session.Connector.Former];
            var address = _session.Rooms.AddQuery(_session.Settings.Address, _former, maxLength, isWhole, out var unnamed);
            (Unnamed, isComplete) = (unnamed, unnamed.Length == 0);
            foreach (var state in _session.Rooms.All)
                RoomOf(state.Name).Last = state.Position;
            return address;
        }
    }

    TimeSpan IHandshake.Backoff(int attempt) => _session.Settings.Times.Backoff.After(attempt);
}
