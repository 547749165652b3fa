namespace ChatKit.Tests;

public class RoomNameTests
{
    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("日本語 😀 {a}:b")]
    public void A_unicode_name_is_valid(string name)
    {
        Assert.True(RoomName.IsValid(name, out var problem));
        Assert.Null(problem);
    }

    [Theory]
    [InlineData(null, "empty")]
    [InlineData("", "empty")]
    [InlineData("a\nb", "U+000A at index 1")]
    [InlineData("\u0001user:ann", "U+0001 at index 0")]
    [InlineData("a\u0085", "U+0085 at index 1")]
    [InlineData("a\u2028b", "U+2028 at index 1")]
    [InlineData("a\u202eb", "U+202E at index 1")]
    [InlineData("a\u2066b", "U+2066 at index 1")]
    public void An_invalid_name_is_rejected_with_the_problem(string? name, string problem)
    {
        Assert.False(RoomName.IsValid(name, out var said));
        Assert.Contains(problem, said);
    }

    [Fact]
    public void A_name_has_at_most_255_characters()
    {
        Assert.True(RoomName.IsValid(new string('x', 255), out _));
        Assert.False(RoomName.IsValid(new string('x', 256), out var problem));
        Assert.Contains("256", problem);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_not_valid_in_a_name()
    {
        foreach (var name in new[] { "\ud83d", "a\ud83db", "\ude00", "\ude00\ud83d", "😀\ud83d" })
            Assert.False(RoomName.IsValid(name, out _));
    }

    [Fact]
    public void The_room_of_a_user_is_not_a_valid_name() => Assert.False(RoomName.IsValid(RoomName.OfUser("ann"), out _));
}
