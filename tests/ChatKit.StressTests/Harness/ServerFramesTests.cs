namespace ChatKit.StressTests.Harness;

public class ServerFramesTests
{
    private static readonly byte[] Close1000 = [0x88, 2, 0x03, 0xE8];

    [Fact]
    public void Frames_are_found_wherever_they_are_split()
    {
        var texts = new List<string>();
        var frames = new ServerFrames { OnText = texts.Add };

        foreach (var one in (byte[])[0x81, 2, (byte)'h', (byte)'i', 0x82, 126, 0, 200, .. new byte[200], 0x81, 0, .. Close1000])
            frames.Take([one]);

        Assert.Equal(["hi", ""], texts);
        Assert.Equal((1000, null), (frames.CloseCode, frames.Problem));
    }

    [Theory]
    [InlineData(0xC3, 0x01)]
    [InlineData(0x01, 0x01)]
    [InlineData(0x81, 0x81)]
    public void A_frame_that_a_server_must_not_send_is_a_problem(byte first, byte second)
    {
        var frames = new ServerFrames();

        frames.Take([first, second]);

        Assert.NotNull(frames.Problem);
    }

    [Fact]
    public void Nothing_may_follow_a_close_frame()
    {
        var frames = new ServerFrames();

        frames.Take([.. Close1000, 0x81, 0]);

        Assert.NotNull(frames.Problem);
    }
}
