using System.Globalization;
using System.Net.WebSockets;
using ChatKit.ChaosTests.Harness;
using ChatKit.TestKit.Client;
using Microsoft.AspNetCore.Builder;

namespace ChatKit.ChaosTests.Client;

public class RealServerTests
{
    public static TheoryData<TransportKind> Transports => [.. Enum.GetValues<TransportKind>()];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_sent_message_arrives_at_the_position_of_its_acknowledgement(TransportKind transport)
    {
        await using var server = Server.Create(0, redis: null, AllowAll);
        await server.StartAsync();
        await using var client = Clients.Start(AddressOf(server), transport: transport);

        var ack = await client.SendAsync("hi").Soon();
        var message = await client.NextAsync<MessageReceived>();

        Assert.Equal(("lobby", ack.Position, "hi"), (message.Room, message.Position, message.Text));
        Assert.NotNull(ack.Position);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_client_that_is_disconnected_repeatedly_has_no_gaps_and_no_duplicates(TransportKind transport)
    {
        const int Count = 60;
        await using var server = Server.Create(0, redis: null, AllowAll);
        await server.StartAsync();
        await using var sender = Clients.Start(AddressOf(server), transport: transport);
        await using var reader = Clients.Start(AddressOf(server), transport: transport);
        await reader.NextAsync<BecameLive>();

        for (var i = 0; i < Count; i++)
        {
            _ = sender.SendAsync(i.ToString(CultureInfo.InvariantCulture));
            if (i % 7 == 3)
                sender.Abort();
            if (i % 5 == 2)
                reader.Abort();
            await Task.Delay(2);
        }

        var seen = await reader.NextSeenAsync(Count);

        Assert.Equal(Enumerable.Range(0, Count).Select(static i => $"{i}"), seen.Select(static one => one.Split(' ')[1]));
        await Patience.UntilAsync(() => sender.Unacknowledged == 0, "every message is acknowledged");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_client_that_was_offline_for_too_long_receives_the_number_of_missing_messages(TransportKind transport)
    {
        await using var server = Server.Create(0, redis: null, static options =>
        {
            AllowAll(options);
            options.HistoryCapacity = 3;
        });
        await server.StartAsync();
        var back = new TaskCompletionSource();
        var (isAway, waits) = (false, new TaskCompletionSource());
        await using var sender = Clients.Start(AddressOf(server), transport: transport);
        await using var reader = ChatClient.Start(new ChatClientOptions
        {
            Transport = transport,
            NextAddress = async _ =>
            {
                if (Volatile.Read(ref isAway))
                {
                    waits.TrySetResult();
                    await back.Task;
                }

                return AddressOf(server);
            },
        });
        await reader.NextAsync<BecameLive>();
        await sender.SendAsync("1").Soon();
        await reader.NextAsync<MessageReceived>();

        Volatile.Write(ref isAway, true);
        reader.Abort();
        await waits.Task.Soon();
        for (var i = 2; i <= 6; i++)
            await sender.SendAsync($"{i}").Soon();
        back.SetResult();

        var gap = await reader.NextAsync<GapFound>();
        Assert.Equal((2, "4"), (gap.Missed, (await reader.NextAsync<MessageReceived>()).Text));
        Assert.False((await reader.NextAsync<BecameLive>()).Recovered);
    }

    [Theory]
    [InlineData(TransportKind.WebSocket)]
    [InlineData(TransportKind.EventStream)]
    public async Task A_client_with_more_messages_than_one_burst_sends_all_of_them_in_order(TransportKind transport)
    {
        const int Count = 500;
        await using var server = Server.Create(0, redis: null, static options =>
        {
            AllowAll(options);
            options.MaxMessagesPerSecond = 200;
            options.MaxMessageBurst = 50;
        });
        await server.StartAsync();
        await using var reader = Clients.Start(AddressOf(server), transport: transport);
        await reader.NextAsync<BecameLive>();
        await using var sender = Clients.Start(AddressOf(server), policyDelay: TimeSpan.FromHours(1), transport: transport);

        var acks = await Task.WhenAll(Enumerable.Range(0, Count).Select(i => sender.SendAsync($"{i}"))).Soon();

        Assert.Equal(Enumerable.Range(1, Count), acks.Select(static ack => int.Parse(ack.Position!.Split(':')[1], CultureInfo.InvariantCulture)));
        Assert.Equal(Enumerable.Range(0, Count).Select(static i => $"{i}"), (await reader.NextSeenAsync(Count)).Select(static one => one.Split(' ')[1]));
        Assert.Equal(0, sender.Unacknowledged);
        while ((await sender.NextAsync<StateChanged>()).Code != WebSocketCloseStatus.PolicyViolation)
        {
            // This is the last of many connections. The server has ended at least one, and sent the time to reconnect.
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_client_joins_a_room_receives_its_messages_and_leaves_it(TransportKind transport)
    {
        await using var server = Server.Create(0, redis: null, AllowAll);
        await server.StartAsync();
        await using var other = Clients.Start(AddressOf(server, "team"));
        await using var client = Clients.Start(AddressOf(server), transport: transport);
        await client.NextAsync<BecameLive>();

        client.Join("team");
        Assert.Equal("team", (await client.NextAsync<RoomJoined>()).Room);
        Assert.Equal("team", (await client.NextAsync<BecameLive>()).Room);
        await other.SendAsync("for members").Soon();
        Assert.Equal(("team", "for members"), await NextAsync());

        client.Leave("team");
        client.Join("garden");
        await client.NextAsync<RoomJoined>(); // So the server has also taken it out of the team.
        await other.SendAsync("too late").Soon();
        await client.SendAsync("at home").Soon();
        Assert.Equal(("lobby", "at home"), await NextAsync());

        async Task<(string?, string?)> NextAsync()
        {
            var message = await client.NextAsync<MessageReceived>();
            return (message.Room, message.Text);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_client_edits_and_deletes_messages(TransportKind transport)
    {
        await using var server = Server.Create<EditableRoom>(0, redis: null, AllowAll);
        await server.StartAsync();
        await using var client = Clients.Start(AddressOf(server), transport: transport);
        var position = (await client.SendAsync("hi").Soon()).Position!;

        await client.EditAsync(position, "hello").Soon();
        var edit = await client.NextAsync<MessageChanged>();
        await client.DeleteAsync(position).Soon();
        var deletion = await client.NextAsync<MessageChanged>();

        Assert.Equal((position, "hello", false), (edit.Position, edit.Text, edit.IsDeleted));
        Assert.Equal((position, null, true), (deletion.Position, deletion.Text, deletion.IsDeleted));
        var refused = await Assert.ThrowsAsync<SendFailedException>(() => client.EditAsync(position, "again").Soon());
        Assert.Equal("gone", refused.Code);
    }

    private static void AllowAll(WebSocketEndpointOptions options) =>
        (options.Transports, options.AllowClientJoins) = (ChatTransports.All, true);

    private static Uri AddressOf(WebApplication server, string room = "lobby") =>
        new UriBuilder(server.Urls.Single()) { Scheme = "ws", Path = $"/chat/{room}" }.Uri;

    private sealed class EditableRoom : WebSocketHandler
    {
        protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);

        protected override async ValueTask OnEditAsync(EditRequest request) => await EditAsync(request.Position, request.Message.Text);

        protected override async ValueTask OnDeleteAsync(DeleteRequest request) => await DeleteAsync(request.Position);
    }
}
