using ChatKit.WebSockets;

namespace ChatKit.Tests.WebSockets;

public class MaskTests
{
    private const uint Key = 0x44332211;
    private static readonly byte[] KeyBytes = [0x11, 0x22, 0x33, 0x44];

    [Fact]
    public void Each_byte_is_unmasked_with_the_key_byte_of_its_position()
    {
        for (var offset = 0; offset < 8; offset++)
        {
            for (var length = 0; length <= 40; length++)
            {
                var data = Enumerable.Range(100, length).Select(static i => (byte)i).ToArray();
                var expected = data.Select((b, i) => (byte)(b ^ KeyBytes[(offset + i) % 4])).ToArray();

                Mask.Remove(data, Key, offset);

                Assert.Equal(expected, data);
            }
        }
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(long.MaxValue - 100)]
    public void A_piece_may_start_at_a_large_offset(long offset)
    {
        var data = new byte[20];

        Mask.Remove(data, Key, offset);

        Assert.Equal(Enumerable.Range(0, 20).Select(i => KeyBytes[(offset + i) % 4]), data);
    }
}
