using System.Text;
using System.Text.Json;
using ChatKit.ChatKitV1;
using ChatKit.Connections.Messages;

namespace ChatKit.Tests.Connections;

/// <summary>What a poll collects, and up to where its client has the room.</summary>
public class PollContentTests
{
    private const string Gap = """{"type":"gap","room":"r","after":"e:1","next":"e:5","missed":3}""";
    private const string Message = """{"type":"message","room":"r","position":"e:5","data":"5"}""";
    private const string Live = """{"type":"live","room":"r","position":"e:5","revision":3,"recovered":false}""";
    private const string Other = """{"type":"message","room":"s","position":"e:9","data":"9"}""";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_gap_after_which_nothing_has_come_is_left_to_the_next_poll(bool asFrames)
    {
        var content = Collect(asFrames, Gap);

        Assert.False(content.HasNews);
        Assert.Equal("e:1/2", content.Tag);
        Assert.DoesNotContain("gap", Encoding.UTF8.GetString(content.ToJson()));
    }

    [Theory]
    [InlineData(Message, "e:5")]
    [InlineData(Live, "e:5/3")]
    public void A_gap_precedes_what_the_client_receives_after_it(string next, string tag)
    {
        var content = Collect(asFrames: true, Gap, Other, next);

        Assert.True(content.HasNews);
        Assert.Equal(tag, content.Tag);
        var frames = JsonElement.Parse(content.ToJson()).GetProperty("frames").EnumerateArray().Select(static frame => frame.GetRawText());
        Assert.Equal([Other, Gap, next], frames);
    }

    [Fact]
    public void A_gap_is_beside_the_messages_of_the_room()
    {
        var json = JsonElement.Parse(Collect(asFrames: false, Gap, Message).ToJson());

        Assert.Equal(Gap, json.GetProperty("gap").GetRawText());
        Assert.Equal(Message, Assert.Single(json.GetProperty("messages").EnumerateArray()).GetRawText());
    }

    private static PollContent Collect(bool asFrames, params string[] frames)
    {
        var after = new StreamPosition(new MessagePosition("e", 1), 2);
        var content = new PollContent("r", after, new PollRequest { AsFrames = asFrames });
        foreach (var frame in frames.Select(Encoding.UTF8.GetBytes))
        {
            var head = V1FrameHead.Read(frame);
            content.TryAdd(head, frame, isHome: head.Room.SequenceEqual("r"u8));
        }

        return content;
    }
}
