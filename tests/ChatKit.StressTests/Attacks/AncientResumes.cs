using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>Clients that resume from a very old position in a room with a full history, and reconnect at once.</summary>
internal sealed class AncientResumes() : Attack("ancient-resumes", "resumes of 100 KiB", perSecond: 200, attackers: 20)
{
    private const int MessageSize = 1024;
    private const int Messages = 100;
    private const string Room = "/chat/ancient";

    private readonly TaskCompletionSource _filled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected override async Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop)
    {
        if (attacker == 0)
        {
            var draining = await OpenAsync(intruder, Room, stop);
            var message = ClientFrame.Of(ClientFrame.Text, new string('h', MessageSize));
            for (var i = 0; i < Messages; i++)
                await intruder.SendAsync(message, stop);
            _filled.TrySetResult();
            await draining;
        }

        await _filled.Task.WaitAsync(stop);
        await Pace.TakeAsync(1, stop);
        await intruder.OpenAsync($"{Room}?after=ancient~long-ago:1", stop, "Sec-WebSocket-Protocol: chatkit.v1");
        for (var received = 0; received < Messages * MessageSize;)
        {
            var count = (await intruder.ReceiveAsync(stop)).Length;
            if (count == 0)
                return;
            received += count;
        }
    }
}
