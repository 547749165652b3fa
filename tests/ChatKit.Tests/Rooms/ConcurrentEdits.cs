using System.Text.Json.Nodes;
using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Rooms;

/// <summary>
/// Writers append while others edit and delete the stored messages. In the end, the store, a client that was live throughout, one that has
/// resumed, and one that has joined last agree on every message and on the order.
/// </summary>
internal static class ConcurrentEdits
{
    private const string Room = "room";
    private const string End = "end";
    private const int Writers = 8, Each = 30, Capacity = 100;

    /// <param name="here">The node of the first half of the writers, and of the clients.</param>
    /// <param name="there">The node of the others; the same if there is only one.</param>
    public static async Task VerifyAsync(ChatHost here, ChatHost there)
    {
        for (var i = 0; i < Capacity; i++)
            await here.Broadcaster.BroadcastAsync(Room, $"{i}");
        var (live, resumed) = (new View(), new View());
        var (staying, frames) = await here.EnterV1Async(room: Room);
        frames.ForEach(live.Take);
        var revision = new TaskCompletionSource<long>();
        var reading = live.ReadToEndAsync(staying.Client, isLive: true, revision.Task);
        var (leaving, before) = await here.EnterV1Async(room: Room);
        before.ForEach(resumed.Take);

        var writing = Enumerable.Range(0, Writers).SelectMany(w => (Task[])[
            Task.Run(() => WriteAsync(w % 2 == 0 ? here : there, w)), Task.Run(() => EditAsync(w % 2 == 0 ? there : here, w))]).ToArray();
        for (var i = 0; i < 50; i++)
            resumed.Take(await leaving.Client.ReceiveJsonAsync());
        leaving.Client.Disconnect();
        await leaving.Ended.Soon();
        await Task.WhenAll(writing).Soon();
        var back = here.Connect(Room, info: abort => new()
        {
            Room = Room,
            Abort = abort,
            Subprotocol = ChatKitSubprotocol.V1,
            ResumeAfter = new Dictionary<string, MessagePosition> { [Room] = resumed.Position },
            ResumeRevisions = new Dictionary<string, long> { [Room] = resumed.Revision },
        });
        revision.SetResult((await here.History.ReadAsync(Room)).Revision);
        await here.Broadcaster.BroadcastAsync(Room, End);
        await resumed.ReadToEndAsync(back.Client, isLive: false, revision.Task);
        await reading.Soon();
        var last = new View();
        (await there.EnterV1Async(room: Room)).Frames.ForEach(last.Take);

        var stored = await here.History.ReadAsync(Room);
        Assert.Equal(Capacity, stored.Messages.Count);
        Assert.Equal(Capacity + (Writers * Each) + 1, stored.Top.Sequence);
        foreach (var view in new[] { live, resumed, last })
        {
            Assert.All(stored.Messages, message => Assert.Equal(
                (message.Position!.Value.Sequence, message.IsDeleted ? null : message.Text),
                (message.Position!.Value.Sequence, view.Texts.GetValueOrDefault(message.Position!.Value.Sequence, "missing"))));
            Assert.Equal(stored.Revision, view.Revision);
        }
    }

    private static async Task WriteAsync(ChatHost host, int writer)
    {
        for (var i = 0; i < Each; i++)
            await host.Broadcaster.BroadcastAsync(Room, $"{writer}:{i}");
    }

    private static async Task EditAsync(ChatHost host, int editor)
    {
        var random = new Random(editor);
        for (var i = 0; i < Each; i++)
        {
            var page = await host.History.ReadAsync(Room);
            var position = page.Messages[random.Next(page.Messages.Count)].Position.GetValueOrDefault();
            if (random.Next(3) == 0)
                await host.Broadcaster.DeleteAsync(Room, position);
            else
                await host.Broadcaster.EditAsync(Room, position, $"edit {i} of {editor}");
        }
    }

    /// <summary>What a client shows.</summary>
    private sealed class View
    {
        /// <summary>The texts by sequence; null for a deleted message.</summary>
        public Dictionary<long, string?> Texts { get; } = [];

        public MessagePosition Position { get; private set; }

        public long Revision { get; private set; }

        public void Take(JsonObject frame)
        {
            Revision = Math.Max(Revision, (long?)frame["revision"] ?? 0);
            if ((string?)frame["type"] is not ("message" or "change"))
                return;
            var position = MessagePosition.Parse((string)frame["position"]!);
            if ((string?)frame["type"] == "message")
            {
                Assert.True(position.Sequence > Position.Sequence, $"{position} follows {Position}");
                Position = position;
            }
            else
            {
                Assert.True(position.IsAtOrBefore(Position), $"the change at {position} precedes its message");
            }

            Texts[position.Sequence] = (string?)frame["data"];
        }

        /// <summary>Receives until the client is live, and has the last message and the last change. One can arrive before the other.</summary>
        public async Task ReadToEndAsync(TestClient client, bool isLive, Task<long> revision)
        {
            while (!isLive || !Texts.ContainsValue(End) || Revision < await revision)
            {
                var frame = await client.ReceiveJsonAsync();
                Take(frame);
                isLive |= (string?)frame["type"] == "live";
            }
        }
    }
}
