using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.WebSockets;

namespace ChatKit.LoadTest.Servers;

/// <summary>A server without a library: a list of sockets for each room, and a loop that sends to one after the other.</summary>
internal static class PlainServer
{
    private const int BufferSize = 8192;
    private static readonly ConcurrentDictionary<string, Room> Rooms = new();

    public static void Map(WebApplication app)
    {
        app.UseWebSockets();
        app.Map("/chat/{room}", RunAsync);
    }

    private static async Task RunAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var room = Rooms.GetOrAdd((string)context.GetRouteValue("room")!, static _ => new Room());
        var member = new Member(socket);
        room.Add(member);
        try
        {
            await ReceiveAsync(socket, room);
        }
        catch (WebSocketException)
        {
            // The client has disconnected without a close frame.
        }
        finally
        {
            room.Remove(member);
        }
    }

    private static async Task ReceiveAsync(WebSocket socket, Room room)
    {
        var buffer = new byte[BufferSize];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult result;
            do
            {
                result = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                length += result.Count;
            }
            while (!result.EndOfMessage);

            if (result.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return;
            }

            await room.SendAsync(buffer.AsMemory(0, length));
        }
    }

    private sealed class Room
    {
        private ImmutableArray<Member> _members = [];

        public void Add(Member member) => ImmutableInterlocked.Update(ref _members, static (all, one) => all.Add(one), member);

        public void Remove(Member member) => ImmutableInterlocked.Update(ref _members, static (all, one) => all.Remove(one), member);

        public async ValueTask SendAsync(ReadOnlyMemory<byte> text)
        {
            foreach (var member in _members)
                await member.SendAsync(text);
        }
    }

    private sealed class Member(WebSocket socket)
    {
        /// <summary>A socket accepts one send at a time.</summary>
        private SemaphoreSlim Turn { get; } = new(1, 1);

        public async ValueTask SendAsync(ReadOnlyMemory<byte> text)
        {
            await Turn.WaitAsync();
            try
            {
                if (socket.State == WebSocketState.Open)
                    await socket.SendAsync(text, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            }
            catch (WebSocketException)
            {
                // The client has disconnected. Its own loop removes it.
            }
            finally
            {
                Turn.Release();
            }
        }
    }
}
