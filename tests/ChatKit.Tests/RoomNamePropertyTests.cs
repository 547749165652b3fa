using ChatKit.TestKit.ForAll;

namespace ChatKit.Tests;

public class RoomNamePropertyTests
{
    [ForAll]
    public void A_name_is_what_the_documentation_says(AnyText text)
    {
        foreach (var name in new[] { text.Value, text.Unicode, string.Concat(text.Value.Where(static c => !char.IsControl(c))) })
        {
            var right = name.Length is > 0 and <= RoomName.MaxLength && !name.Any(char.IsControl) && name == new AnyText(name).Unicode;

            Assert.Equal(right, RoomName.IsValid(name, out var problem));

            Assert.Equal(right, problem is null);
        }
    }

    /// <summary>Through addresses, UTF-8 in the store, and UTF-8 in frames.</summary>
    [ForAll]
    public void A_name_survives_the_ways_that_it_goes(AnyText text)
    {
        if (!RoomName.IsValid(text.Value, out _))
            return;

        Assert.Equal(text.Value, text.Unicode);
        Assert.Equal(text.Value, Uri.UnescapeDataString(Uri.EscapeDataString(text.Value)));
    }

    [ForAll]
    public void No_name_is_the_room_of_a_user(AnyText user) => Assert.False(RoomName.IsValid(RoomName.OfUser(user.Value), out _));
}
